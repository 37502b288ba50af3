#!/usr/bin/env bash
# Make benchmarks/.peers: the libraries of peers.txt beside netwright's own torch; and
# benchmarks/.autogluon, which wants an older pandas than the others.
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
.peers/bin/python -c "import catboost, lightgbm, optuna, pytabkit, ray.tune, xgboost"
echo "The peers are in benchmarks/.peers."

torch=$(grep '^torch==' ../constraints.txt)
"$python" -m venv .autogluon
install=(.autogluon/bin/python -m pip install --quiet --disable-pip-version-check)
"${install[@]}" "$torch"
# Without its fastai nets: they need torchvision, of which there is no build for the CPU's torch.
"${install[@]}" "$torch" 'autogluon.tabular[catboost,lightgbm,xgboost]==1.6.3'
.autogluon/bin/python -c "import autogluon.tabular"
echo "AutoGluon is in benchmarks/.autogluon."
