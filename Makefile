# Needs make, Python 3.11 or newer and a Rust toolchain; installs everything else.
# A step runs again only when what it is made from has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
MANIFEST := native/Cargo.toml
KERNEL_SOURCES := $(MANIFEST) $(wildcard native/Cargo.lock native/build.rs) pyproject.toml \
	$(shell find native/src -name '*.rs' 2>/dev/null)

# The tests of the crate link the interpreter that the package is built for.
export PYO3_PYTHON := $(BIN)/python
export PATH := $(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME
# A demo in a new clone waits for no more than it needs: without the tools of developers, which are
# most of the packages. Once they are there it uses what they have built.
RUNNABLE := $(if $(wildcard $(VENV)/.kernel),$(VENV)/.kernel,$(VENV)/.wheel)

# Used even if another environment is active.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# Programs that start thousands of times are compiled once, as in an installation.
unexport PYTHONDONTWRITEBYTECODE

# Many tests wait for a server, a lease or an unchanged file, so there are more processes than cores.
export TEST_PROCESSES ?= 4

# Backtraces still name their lines; the crate's tests build and link faster.
export CARGO_PROFILE_DEV_DEBUG := line-tables-only
export CARGO_PROFILE_TEST_DEBUG := line-tables-only

header = @printf '\n== %s\n' '$(1)'

.PHONY: help setup demo test check coverage lint lint-python lint-rust test-rust servers smoke test-python \
	soak fuzz sanitize bench format locks clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.kernel ## make .venv with the locked dependencies and build the kernel

demo: $(RUNNABLE) ## import real and broken files, and account for every record
	$(call header,demo)
	@scripts/demo.sh

# pytest comes last, so that its summary ends the output.
test: lint test-rust servers demo smoke test-python ## everything that CI checks

check: setup lint test-rust ## two minutes: style, types, architecture, and tests without servers or waits
	$(call header,tests that need no server)
	pytest --numprocesses 2 --dist worksteal --durations 25 \
		-m 'not soak and not slow and not servers' $(PYTEST_ARGS)

coverage: setup servers ## measure the tests' coverage, and write it into docs/reliability.md
	$(call header,coverage)
	scripts/coverage.sh $(PYTEST_ARGS)

lint: lint-python lint-rust ## style, types and architecture

soak: setup servers ## the long tests: more kills, more examples
	$(call header,soak)
	SNAPSHOTS_TEST_SOAK=1 pytest -m "soak or examples" --timeout 3600 $(PYTEST_ARGS)

fuzz: setup ## look for inputs that break the kernel, SECONDS_EACH=1800 for each fuzz target
	$(call header,fuzz)
	scripts/fuzz.sh

sanitize: setup ## run the kernel's unsafe code under Miri and the address sanitizer
	$(call header,sanitize)
	scripts/sanitize.sh

bench: setup servers ## measure against other tools; ARGS='--help' lists the options
	$(call header,bench)
	python bench/imports.py $(ARGS)

format: $(VENV)/.deps ## format the code with ruff and rustfmt
	ruff check --fix --exit-zero --quiet
	ruff format
	cargo fmt --manifest-path $(MANIFEST)

clean: ## remove all build products
	rm -rf $(VENV) target native/target native/fuzz/target .tmp dist build bench/data
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f src/snapshots/_native*.so

# The steps of `make test`.

lint-python: $(VENV)/.kernel
	$(call header,ruff)
	ruff check
	ruff format --check
	$(call header,mypy)
	mypy
	mypy --platform win32 --cache-dir .mypy_cache/win32 --package snapshots
	$(call header,import-linter)
	lint-imports --no-logo

lint-rust: $(VENV)/.deps
	$(call header,cargo fmt)
	cargo fmt --manifest-path $(MANIFEST) --check
	$(call header,clippy)
	cargo clippy --manifest-path $(MANIFEST) --locked --all-targets --quiet -- -D warnings

test-rust: $(VENV)/.deps
	$(call header,cargo test)
	cargo test --manifest-path $(MANIFEST) --locked --quiet

servers: $(VENV)/.kernel
	$(call header,database servers)
	scripts/servers.sh

smoke: $(VENV)/.kernel
	$(call header,the built wheel in an empty environment)
	scripts/smoke.sh

test-python: $(VENV)/.kernel
	$(call header,pytest)
	pytest --numprocesses $(TEST_PROCESSES) --dist worksteal --durations 25 $(PYTEST_ARGS)

# Set-up.

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'make needs Python 3.11 or newer. Name it: make PYTHON=python3.12' >&2; exit 1; }
	@command -v cargo >/dev/null || { \
		echo 'make needs a Rust toolchain: cargo was not found.' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.deps: $(VENV)/.python requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements/dev.lock
	@touch $@

$(VENV)/.kernel: $(VENV)/.deps $(KERNEL_SOURCES)
	PIP_QUIET=1 $(BIN)/maturin develop --release --locked --quiet
	@touch $@

# The lock for development has the same versions, and maturin. A later wheel has the same version.
# Where developers' packages are, the sources themselves are installed already.
$(VENV)/.wheel: $(VENV)/.python requirements/runtime.lock requirements/dev.lock $(KERNEL_SOURCES) \
		$(shell find src -name '*.py')
	sed -n '/^maturin==/,/[^\\]$$/p' requirements/dev.lock >$(VENV)/maturin.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/runtime.lock --requirement $(VENV)/maturin.lock
	rm -rf $(VENV)/dist
	$(call header,building the program takes some minutes)
	$(BIN)/maturin build --release --locked --quiet --out $(VENV)/dist
	test -e $(VENV)/.kernel || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --force-reinstall $(VENV)/dist/*.whl
	@touch $@

# Only after changes to pyproject.toml: uv resolves for all platforms at once.
locks: $(VENV)/.deps ## resolve the dependencies again and write requirements/*.lock
	scripts/locks.sh
