#!/usr/bin/env bash
# Make benchmarks/doctor/.peers: the other doctors beside netwright's own torch.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
"$python" -m venv .peers
install=(.peers/bin/python -m pip install --quiet --disable-pip-version-check -c ../../constraints.txt)
"${install[@]}" torch
"${install[@]}" torch numpy pandas scikit-learn \
  torchmortem==0.1.1 torch-audit==0.3.0 training-doctor==0.1.0 mldoct==1.0.0
.peers/bin/python -c "import mldoctor, torch_audit, torchmortem, training_doctor"
echo "The other doctors are in benchmarks/doctor/.peers."
