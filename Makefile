# One verb per chore; CI calls the same ones.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
FUZZ_SECONDS ?= 20

.PHONY: help demo setup test test-quick lint bench fuzz accept clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.cpu  ## install, train on MNIST with the default recipe, print where the report is
	$(BIN)/convscope train mnist --out runs/demo --overwrite

setup: $(VENV)/.dev  ## install with everything that development needs

test: $(VENV)/.dev  ## the whole test suite, 12 minutes at most on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-quick: $(VENV)/.dev  ## the tests that take 90 seconds together
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## measure recipes, rivals and machine (three hours); rewrites docs/benchmarks.md
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/parts.py
	$(BIN)/python benchmarks/rivals.py
	$(BIN)/python benchmarks/machine.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/table.py

fuzz: $(VENV)/.dev  ## mutate what every reader reads, FUZZ_SECONDS (20) for each; keeps what it finds in tests/fuzz/corpus
	$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS)

accept: $(VENV)/.dev  ## write tests/gold/ and docs/bad-inputs.md anew after wording changed on purpose; then read the diff
	CONVSCOPE_ACCEPT=1 $(BIN)/python -m pytest -q -m gold

clean:  ## remove what was built, but no run
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache

# Stamps: an install is repeated when what it depends on changed. The development one holds the other.
$(VENV)/.cpu: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -e $(VENV)/.dev -a $(VENV)/.dev -nt pyproject.toml -a $(VENV)/.dev -nt constraints.txt || \
	  $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[cpu]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[cpu,dev]'
	touch $@
