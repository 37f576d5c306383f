# Two commands do everything: `make run` opens the demo, `make test` proves the whole.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := core tui tests docs benchmarks

.PHONY: run check lint unit test bench screenshots peers clean

run: $(STAMP)
	@$(BIN)/modalitty demo

# The gate while working: everything that needs no peer of another make.
check: lint unit

lint: $(STAMP)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -q -n auto -m "not interop"

# Everything. Peers are installed where that is possible; what is left out is said in one line.
test: $(STAMP) peers
	$(BIN)/pytest -q -n auto

# Measures us and the peers that are installed on the same work; half an hour on a quiet machine.
bench: $(STAMP) peers
	$(BIN)/python -m benchmarks --json build/benchmarks.json --write docs/performance.md $(BENCH)

peers:
	@tests/peers/install.sh

# The README's pictures, taken from the demo as it is now.
screenshots: $(STAMP)
	$(BIN)/python -m docs.screenshots

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v < (3, 14) else "Modalitty needs Python 3.10 to 3.13; this is %d.%d: try make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
