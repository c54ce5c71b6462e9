# GLiNER bridge. `make demo` shows it, `make test` checks it; both set up everything they need in .venv.
#
#   TORCH_BACKEND=cpu make demo     CPU-only torch (needs the PyTorch package index; saves about 5 GB)
#   ENGINE_URL=http://… make demo   use a running OpenSearch with ML Commons instead of starting one
#   make demo ENGINE=elasticsearch  the same on an Elasticsearch; ENGINE=both compares the two
#   PYTHON=python3.12 make demo     another interpreter (3.11 or newer)
#   PYTEST_ARGS="-k price" make test

PYTHON ?= python3
VENV ?= .venv
UV_VERSION := 0.13.9
OPENVINO := openvino==2026.4.1
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Everything is installed under the lock file as *constraints*: a CPU-only torch then leaves the CUDA libraries out.
INSTALL = $(UV) pip install --quiet --python $(BIN)/python $(if $(TORCH_BACKEND),--torch-backend $(TORCH_BACKEND))

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test test-openvino lint format bench lock hooks clean

help:
	@echo "make demo       tag two product catalogues in a real OpenSearch and search them (first run: minutes)"
	@echo "make demo-down  stop everything that the demo started"
	@echo "make test       set up, lint, type-check and run the tests"
	@echo "make test-openvino  the tests of the extra openvino, installed under build/"
	@echo "make lint       ruff and mypy"
	@echo "make format     let ruff rewrite the code"
	@echo "make bench      latency with the embedded model, and speed beside other implementations"
	@echo "make lock       compile the lock files again from pyproject.toml"
	@echo "make hooks      install the pre-commit hooks"
	@echo "make clean      remove the virtual environment and all caches of this folder"

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 or newer is needed, and '$(PYTHON)' is not.  hint: PYTHON=python3.12 make …" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "error: '$(PYTHON)' cannot make virtual environments.  hint: apt-get install python3-venv" >&2; exit 1; }
	@echo "== virtual environment $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.installed: pyproject.toml requirements.lock | $(UV)
	@echo "== the package, from requirements.lock $(if $(TORCH_BACKEND),(torch: $(TORCH_BACKEND)))"
	@$(INSTALL) --editable . --constraint requirements.lock
	@touch $@

$(VENV)/.installed-dev: pyproject.toml requirements-dev.lock | $(UV)
	@echo "== the package and its development tools, from requirements-dev.lock $(if $(TORCH_BACKEND),(torch: $(TORCH_BACKEND)))"
	@$(INSTALL) --editable '.[dev]' --constraint requirements-dev.lock
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/gliner-bridge demo $(if $(ENGINE),--engine $(ENGINE)) $(if $(ENGINE_URL),--engine-url $(ENGINE_URL))

demo-down: $(VENV)/.installed
	@$(BIN)/gliner-bridge demo-down

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.installed-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# pytest's closing line stays the last one printed.
test: lint
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

# In a process of its own and beside the environment: with OpenVINO in it, a whole run of the tests once ended in a
# segmentation fault after its last test.
test-openvino: $(VENV)/.installed-dev
	@$(UV) pip install --quiet --python $(BIN)/python --target build/openvino --no-deps $(OPENVINO)
	@PYTHONPATH=build/openvino $(BIN)/python -m pytest tests/scorer/test_openvino.py $(PYTEST_ARGS)

bench: $(VENV)/.installed-dev
	@echo "benchmarks live in benchmarks/; these are latency.py with the embedded model and speed.py beside other ways"
	@$(BIN)/python benchmarks/latency.py
	@$(BIN)/python benchmarks/speed.py $(BENCH_ARGS)

# The development lock comes first: what is tested (against the gliner package, too) is what users get.
lock: $(UV)
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-header --upgrade --extra dev pyproject.toml -o requirements-dev.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-header --upgrade -c requirements-dev.lock pyproject.toml -o requirements.lock

hooks: $(VENV)/.installed-dev
	@$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
