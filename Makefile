PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready

.PHONY: demo test check docs lab bench bench-quick quality format clean

demo: $(SETUP)  ## draw a world, train on it, write the report
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

docs: $(SETUP)  ## the generated pages, and the documentation as a site that opens from disk: site/index.html
	$(BIN)/python docs/build.py

lab: $(SETUP)  ## the living report, quick: every figure in about ten minutes
	$(BIN)/viceversa lab all --quick

bench: $(SETUP)  ## speed and memory beside the one-page reference (five minutes), and the tables made from it
	$(BIN)/python benchmarks/speed.py

bench-quick: $(SETUP)  ## fails when a ratio is more than 20 % below the committed one of this kind of machine
	$(BIN)/viceversa bench --quick \
		$(foreach file,bench_intel_shared bench_amd bench,--check benchmarks/results/$(file).json)

quality: $(SETUP)  ## quality over time beside the one-page reference (two hours; APPLE2ORANGE=DIR adds real fruit)
	$(BIN)/python benchmarks/quality.py --sheets docs/images
	$(if $(APPLE2ORANGE),$(BIN)/python benchmarks/quality.py --worlds apple2orange --apple2orange $(APPLE2ORANGE) \
		--ours 75 600 --sheets docs/images)
	$(BIN)/python benchmarks/table.py

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv runs site .mypy_cache .ruff_cache .pytest_cache

# torch comes first and pinned. TORCH_INDEX names another index for it, such as PyTorch's own with CPU builds
$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(SETUP)
