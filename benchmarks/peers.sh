#!/usr/bin/env bash
# Make benchmarks/.peers: the libraries of peers.txt beside netwright's own torch.
# torch comes first and is named every time, so that none of them can ask for another build.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
"$python" -m venv .peers
install=(.peers/bin/python -m pip install --quiet --disable-pip-version-check -c ../constraints.txt)
"${install[@]}" torch
"${install[@]}" torch -r peers.txt
"${install[@]}" --no-deps fastai==2.8.12
KERAS_BACKEND=torch .peers/bin/python -c "import fastai.basics, jax, keras, lightning, skorch"
echo "The peers are in benchmarks/.peers."
