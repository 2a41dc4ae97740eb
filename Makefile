# make check: environment, then the claims on their quick instances, verdicts in the terminal and report.html
# make test:  environment with the development tools, then the whole test suite, every planted fault included
# make quick: the same without the planted faults, for the time between two commits

PYTHON ?= python3
VENV ?= .venv
REPORT ?= report.html
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS = 1

.PHONY: check test quick test-long sabotage figures gallery docs bench clean

check: $(VENV)/.core
	$(BIN)/regretlab check --quick --report $(REPORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not long"

quick: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not long and not faults"

test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -m long

sabotage: $(VENV)/.core
	$(BIN)/regretlab check --sabotage

figures: $(VENV)/.core
	$(BIN)/regretlab figures --out figures-out

# The gallery of the documentation: pictures and manifests; the tables behind them are not kept, figures draws them.
gallery: $(VENV)/.core
	$(BIN)/regretlab figures all --format svg --out docs/gallery
	rm docs/gallery/*.csv
	$(BIN)/python -c "from pathlib import Path; from figures.gallery import write_gallery; write_gallery(Path('docs/gallery'))"

docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W --keep-going -j auto -b html docs docs/_build/html

bench: $(VENV)/.core
	$(BIN)/regretlab bench

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "regretlab needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.core: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(VENV)/.core $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis figures-out report.html docs/_build docs/_generated
