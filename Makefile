# One verb per chore; CI calls the same ones.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
NATIVE := src/convscope/training/native
INSTALLED := pyproject.toml constraints.txt hatch_build.py $(NATIVE)/build.py $(wildcard $(NATIVE)/*.c $(NATIVE)/*.h)

.DEFAULT_GOAL := help
FUZZ_SECONDS ?= 20

.PHONY: help demo setup test test-quick test-thorough budgets lint docs notebooks bench fuzz hostile accept clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.core  ## install, train on MNIST with the default recipe, print where the report is
	$(BIN)/convscope train mnist --out runs/demo --overwrite

setup: $(VENV)/.dev  ## install with everything that development needs

test: $(VENV)/.dev  ## the whole test suite, a quarter of an hour on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-quick: $(VENV)/.dev  ## the tests that take 90 seconds together
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-thorough: $(VENV)/.dev  ## the same with every row of its long tables, half an hour
	$(BIN)/python -m pytest -n 2 --dist loadfile --thorough

budgets: $(VENV)/.dev  ## what may take so many seconds; for a machine that does nothing else
	$(BIN)/python -m pytest -m budget

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.dev  ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

notebooks: $(VENV)/.dev  ## execute the notebooks of examples/ and store them with their outputs
	$(BIN)/python docs/execute_notebooks.py

bench: $(VENV)/.dev  ## measure recipes, rivals and machine (an hour); rewrites docs/benchmarks.md
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/parts.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/photos.py
	$(BIN)/python benchmarks/rivals.py
	$(BIN)/python benchmarks/machine.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/table.py

fuzz: $(VENV)/.dev  ## mutate what every reader reads, FUZZ_SECONDS (20) for each; keeps what it finds in tests/fuzz/corpus
	$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS)

hostile: $(VENV)/.dev  ## try to break it: other people's runs, pictures and clients; ends with a table by kind
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --thorough tests/hostile

accept: $(VENV)/.dev  ## write tests/gold/ and docs/bad-inputs.md anew after wording changed on purpose; then read the diff
	CONVSCOPE_ACCEPT=1 $(BIN)/python -m pytest -q -m gold

clean:  ## remove what was built, but no run
	rm -rf $(VENV) $(NATIVE)/engine-* build dist site .mypy_cache .pytest_cache .ruff_cache

# Stamps: an install is repeated when what it depends on changed, the engine's sources too. The development one holds the other.
$(VENV)/.core: $(INSTALLED)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -n "$$(find $(VENV)/.dev $(patsubst %,-newer %,$(INSTALLED)) 2>/dev/null)" || \
	  $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(INSTALLED)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[cpu,dev]'
	touch $@
