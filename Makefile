# The one command surface: `make` alone prints it. Each target sets up what it needs first, and again only when that changed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
STACK ?= local
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup up down status env preview test matrix check bench docs lock

help: ## Print this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[36mmake %-9s\033[0m %s\n", $$1, $$2}'

setup: .venv/.ready .venv/.prebuilt ## Install the project and its tools into .venv (again only when the lock changes)

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Keyturn needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "setup: installing the locked packages into .venv"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r <(sed -n '/^uv==/,/^[^ ]*==/{/^uv==/p;/^ /p}' requirements.lock)
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.prebuilt: .venv/.ready $(wildcard rotation_lambda/engines/*.lock)
	@$(BIN)/python -m components.prebuild
	@touch $@

lock: ## Write requirements.lock anew from pyproject.toml
	@$(BIN)/uv lock --quiet --upgrade
	@$(BIN)/uv export --quiet --no-header --no-emit-project --all-extras --all-groups --no-annotate --format requirements-txt --output-file requirements.lock

up: setup ## Start the local cloud and deploy the example stack to it
	@$(BIN)/python -m localcloud up

down: setup ## Stop the local cloud and remove what it holds; KEEP=1 only stops it
	@$(BIN)/python -m localcloud down $(if $(KEEP),--keep)

status: setup ## Say what of the local cloud runs
	@$(BIN)/python -m localcloud status

env: setup ## Print the exports for a shell: eval "$$(make -s env)"; OFFLINE=1 for offline previews
	@$(BIN)/python -m localcloud env $(if $(OFFLINE),--offline)

preview: setup ## Preview a stack offline, with the policies and without credentials: make preview STACK=prod
	@$(BIN)/python -m localcloud preview --stack $(STACK)

test: setup ## Run every test: units, contracts, and the stories on a local cloud
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --no-loadscope-reorder

matrix: setup ## Stop every rotation at every call and write the table of docs/rotation.md
	@$(BIN)/python -m tests.rotation_lambda.crash_matrix

check: setup ## Format, lint, types, import rules and secret scan, as CI does
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m docs --check
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline
	@echo "check: clean"

bench: setup ## Measure what docs and README claim, as ratios beside a peer in the same run
	@$(BIN)/python -m benchmarks

docs: setup ## Write the generated pages under docs/ anew
	@$(BIN)/python -m docs
