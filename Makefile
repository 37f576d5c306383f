# Two commands do everything: `make run` opens the demo, `make test` proves the whole.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run check test unit peers clean

run: $(STAMP)
	@$(BIN)/modalitty demo

# Everything that needs no peer of another make: quick enough to run while working.
check: $(STAMP)
	$(BIN)/ruff format --check core tui tests
	$(BIN)/ruff check core tui tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto -m "not interop"

# Everything. Peers are installed where that is possible; what is left out is said in one line.
test: $(STAMP) peers
	$(BIN)/pytest -q -n auto

peers:
	@tests/peers/install.sh

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 10) <= v < (3, 14) else f"Modalitty needs Python 3.10 to 3.13, and {sys.executable} is {v[0]}.{v[1]}: try make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
