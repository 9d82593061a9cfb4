# One environment, and what is done in it. `make help` lists the targets.

VENV ?= .venv
MODEL ?= classification/lenet
ARGS ?=
PYTEST_ARGS ?=
# Each keeps to its share of the cores, and takes up to 4 GB.
PROCESSES ?= $(shell cores=$$(nproc 2>/dev/null || echo 1); [ "$$cores" -lt 4 ] && echo "$$cores" || echo 4)
CHECK ?= --all
REPRODUCE ?= --all
N ?= 2000
SEED ?= 0
LOCK ?= python3.10 python3.11 python3.12 python3.13
AUDIT := pip-audit==2.10.1

# The first Python that every requirement exists for; python3 itself when there is none.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for python in python3 python3.12 python3.11 python3.10; do \
	"$$python" -c 'import sys; (3, 10) <= sys.version_info < (3, 13) or sys.exit(1); print(sys.executable)' \
	2>/dev/null && exit; done; echo python3)
endif

override VENV := $(patsubst ~/%,$(HOME)/%,$(VENV))
BIN := $(VENV)/bin

# Checkouts may share an environment, which holds nothing of any of them: each runs its own code.
export PYTHONPATH := $(CURDIR)/contrib:$(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))

.DEFAULT_GOAL := help
.PHONY: help env env-run run demo reproduce test sources fuzz check operators lint format bench lock audit clean

help: ## list the targets
	@echo "make TARGET [VENV=folder of the environment, default .venv] [PYTHON=python3.12]"
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

define bootstrap
@command -v "$(PYTHON)" >/dev/null || { echo "error: Python 3.10 or newer is needed, and there is no" \
"$(PYTHON): install it, or name another with PYTHON=/path/to/python3" >&2; exit 2; }
@"$(PYTHON)" tools/bootstrap.py $(1) --venv "$(VENV)"
endef

env: ## make the environment for everything, or find it ready
	$(call bootstrap,test)

env-run:
	$(call bootstrap,run)

run: env-run ## export, verify and run a model: MODEL=classification/resnet ARGS="--weights random"
	@"$(BIN)/zoo" run "$(MODEL)" $(ARGS)

demo: env ## published networks from pip packages on real files, drawn on one page: runs/demo/index.html
	@"$(BIN)/zoo" demo

reproduce: env ## measure published figures on public data, hours: REPRODUCE="--all --accept-terms"
	@"$(BIN)/zoo" reproduce $(REPRODUCE)

# Hundreds of processes are started, which would compile the same modules again where nothing may be kept.
test: env ## run the whole test suite: PYTEST_ARGS="-k name" PROCESSES=1 TEST_MODELS=all
	@env -u PYTHONDONTWRITEBYTECODE "$(BIN)/python" -m pytest $(if $(filter-out 1,$(PROCESSES)),-n $(PROCESSES) --dist loadgroup --no-loadscope-reorder) $(PYTEST_ARGS)

sources: env ## compare with the libraries that networks come from, which are put into runs/sources (400 MB)
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target runs/sources -r tests/sources.txt
	@PYTHONPATH="$$PYTHONPATH:$(CURDIR)/runs/sources" "$(BIN)/python" -m pytest -rs tests/zoo/test_zoo_*_libraries.py \
		tests/utils/test_utils_files_by_type.py

fuzz: env ## damage N files and read them, each in a process with little memory: N=100000 SEED=1
	@"$(BIN)/python" -m tests.fuzz "$(N)" --seed "$(SEED)"

check: env ## what CI runs for each model: CHECK="--model classification/lenet", CHECK="--changed-since main"
	@"$(BIN)/zoo" check $(CHECK)

operators: env ## ONNX's own operator tests on each target, about half an hour: OPERATORS="--count 100 openvino"
	@"$(BIN)/python" -m tests.engine.operators $(OPERATORS)

lint: env ## check style, types and who imports whom
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports" --no-logo
	@"$(BIN)/zoo" sync --check

format: env ## put every file into the project's style
	@"$(BIN)/ruff" check --fix --exit-zero --quiet .
	@"$(BIN)/ruff" format .

bench: env ## run every script in benchmarks/
	@for script in benchmarks/[!_]*.py; do \
		test -e "$$script" || { echo "There is no script in benchmarks/."; continue; }; \
		echo "== $$script"; "$(BIN)/python" "$$script" || exit 1; \
	done

lock: ## resolve constraints.txt afresh: LOCK="python3.11 /opt/python3.12/bin/python3"
	@"$(PYTHON)" tools/lock.py $(LOCK)

audit: ## say what is publicly known of every dependency; ends with an error if there is something, or no answer
	@test -x "$(VENV)-audit/bin/pip-audit" || { "$(PYTHON)" -m venv "$(VENV)-audit" && \
	"$(VENV)-audit/bin/pip" install --quiet "$(AUDIT)"; }
	@"$(VENV)-audit/bin/pip-audit" --strict --no-deps --disable-pip -r constraints.txt -r requirements-no-deps.txt

clean: ## remove what these targets made, but no environment outside this folder
	@rm -rf runs .venv-audit .mypy_cache .ruff_cache .import_linter_cache .pytest_cache build dist contrib/*.egg-info
	@find $(wildcard contrib tests tools benchmarks tecoexec) -name __pycache__ -type d -prune -exec rm -rf {} +
	@case "$$(realpath -m "$(VENV)")" in \
	"$$(realpath .)"/*) if test -f "$(VENV)/pyvenv.cfg"; then rm -rf "$(VENV)"; fi;; esac
