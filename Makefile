PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready

.PHONY: demo test check bench quality format clean

demo: $(SETUP)  ## draw a world, train on it, open the report
	$(BIN)/viceversa demo --out runs/demo

test: $(SETUP)  ## all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

check: $(SETUP)  ## format, lint, types, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "not long"

bench: $(SETUP)  ## speed beside the one-page reference
	$(BIN)/python benchmarks/speed.py

quality: $(SETUP)  ## quality at equal time beside the one-page reference (about an hour and a half)
	$(BIN)/python benchmarks/quality.py

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv runs .mypy_cache .ruff_cache .pytest_cache

# torch comes first and pinned: unpinned it brings gigabytes of CUDA
$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(SETUP)
