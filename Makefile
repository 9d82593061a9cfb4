# One environment, and what is done in it. `make help` lists the targets.

VENV ?= .venv
MODEL ?= classification/lenet
ARGS ?=
PYTEST_ARGS ?=
CHECK ?= --all

# The first Python that every requirement exists for; python3 itself when there is none.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for python in python3 python3.12 python3.11 python3.10; do \
	"$$python" -c 'import sys; (3, 10) <= sys.version_info < (3, 13) or sys.exit(1); print(sys.executable)' \
	2>/dev/null && exit; done; echo python3)
endif

override VENV := $(patsubst ~/%,$(HOME)/%,$(VENV))
BIN := $(VENV)/bin

# A shared environment's editable installation may point at another checkout: each runs its own code.
export PYTHONPATH := $(CURDIR)/contrib$(if $(PYTHONPATH),:$(PYTHONPATH))

.DEFAULT_GOAL := help
.PHONY: help env run test check lint format bench clean

help: ## list the targets
	@echo "make TARGET [VENV=folder of the environment, default .venv] [PYTHON=python3.12]"
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

env: ## make the environment, or find it ready
	@command -v "$(PYTHON)" >/dev/null || { echo "error: Python 3.10 or newer is needed, and there is no" \
	"$(PYTHON): install it, or name another with PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" tools/bootstrap.py --venv "$(VENV)"

run: env ## export, verify and run a model: MODEL=classification/resnet ARGS="--weights random"
	@"$(BIN)/zoo" run "$(MODEL)" $(ARGS)

test: env ## run the whole test suite: PYTEST_ARGS="-k name"
	@"$(BIN)/python" -m pytest $(PYTEST_ARGS)

check: env ## what CI runs for each model: CHECK="--model classification/lenet", CHECK="--changed-since main"
	@"$(BIN)/zoo" check $(CHECK)

operators: env ## ONNX's own operator tests on each target, about half an hour: OPERATORS="--count 100 openvino"
	@"$(BIN)/python" -m tests.engine.operators $(OPERATORS)

lint: env ## check style, types and who imports whom
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports" --no-logo

format: env ## put every file into the project's style
	@"$(BIN)/ruff" check --fix --exit-zero --quiet .
	@"$(BIN)/ruff" format .

bench: env ## run every script in benchmarks/
	@for script in benchmarks/[!_]*.py; do \
		test -e "$$script" || { echo "There is no script in benchmarks/."; continue; }; \
		echo "== $$script"; "$(BIN)/python" "$$script" || exit 1; \
	done

clean: ## remove what these targets made, but no environment outside this folder
	@rm -rf runs .mypy_cache .ruff_cache .import_linter_cache .pytest_cache build dist contrib/*.egg-info
	@find $(wildcard contrib tests tools benchmarks tecoexec) -name __pycache__ -type d -prune -exec rm -rf {} +
	@case "$$(realpath -m "$(VENV)")" in \
	"$$(realpath .)"/*) if test -f "$(VENV)/pyvenv.cfg"; then rm -rf "$(VENV)"; fi;; esac
