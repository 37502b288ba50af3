# Two commands on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo check test lint bench browser clean

demo: $(INSTALLED)  ## train the built-in digits from data to report
	$(BIN)/netwright train digits

check: $(INSTALLED) lint  ## the fast set: lint, types, tests without the slow ones (under 3 minutes)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not slow"

test: $(INSTALLED) browser lint  ## everything
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)  ## measured against the peers; long
	bash benchmarks/peers.sh
	for part in startup speed watching augmentation pack tuning reach tables doctor/suite; do $(BIN)/python benchmarks/$$part.py || exit 1; done

browser:  ## Debian's Chromium looks at the report; without it those tests skip and say so
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "chromium is not installed (apt-get install chromium): browser tests will skip"

# torch first, from the constraints: the CPU build, before anything can ask for another one.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,all]'
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache src/*.egg-info
