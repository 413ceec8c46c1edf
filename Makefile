# `make` alone lists the targets.

PYTHON ?= python3
RUN ?= enso_ostia
ROOT ?= data
WORKERS ?= 2
DB ?=
PORT ?= 4200

# Bytecode is cached on first import: the environment is installed without compiling what may never run.
unexport PYTHONDONTWRITEBYTECODE

PIP := .venv/bin/python -m pip --disable-pip-version-check install -qq

.PHONY: help env pipeline twin serve deployments test test-slow test-served validate audit lint format notebook lock clean
.DELETE_ON_ERROR:

help: ## list the targets (default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/project.stamp ## install the locked environment and the project into .venv

# Cleared first, stamped last: an interrupted install starts again from nothing.
.venv/lock.stamp: requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 to 3.13 is needed; there is no '$(PYTHON)' here" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else \
	  "Python 3.11 to 3.13 is needed, and $(PYTHON) is %d.%d; name another: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv: install it first (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "env: installing requirements.lock into .venv (about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > .venv/pip.lock
	@$(PIP) --require-hashes --no-compile -r .venv/pip.lock
	@$(PIP) --require-hashes --no-compile --only-binary :all: --no-binary pyftpdlib -r requirements.lock
	@touch $@

.venv/project.stamp: .venv/lock.stamp pyproject.toml
	@echo "env: installing the project into .venv, editable"
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Runs on the twin of the providers.
TWIN_RUNS := $(if $(filter twin_all,$(RUN)),run,$(if $(filter twin_indicators,$(RUN)),indicators))

pipeline: env ## run one deliverable: RUN=enso_ostia, files under ROOT=data; synthetic ones: RUN=twin_all, all products; RUN=twin_indicators, all indicators
	@$(if $(TWIN_RUNS),PYTHONPATH=tests .venv/bin/python -m twin $(TWIN_RUNS),.venv/bin/python -m flows $(RUN)) --root $(ROOT)

twin: env ## start the twin of all services on this machine, with a synthetic granule of each product, and say what is where
	@PYTHONPATH=tests .venv/bin/python -m twin serve

serve: env ## server, page, worker and all deployments on this machine, until Ctrl-C; DB=postgresql://... for PostgreSQL
	@.venv/bin/python -m flows.serve --root $(ROOT) --db "$(DB)" --port $(PORT)

deployments: env ## write prefect.yaml: the deployments for a server that is there already
	@.venv/bin/python -m flows.declare

test: env ## run the tests, in two processes
	@PYTHONHASHSEED=0 .venv/bin/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not served"

test-slow: env ## run the tests that take their time: damaged files drawn by chance, builds killed at each moment
	@PYTHONHASHSEED=0 .venv/bin/python -m pytest -q -n $(WORKERS) --dist worksteal -m "slow and not served"

test-served: env ## run the tests of servers, workers and databases that are started, used and killed: ten minutes, one by one
	@PYTHONHASHSEED=0 .venv/bin/python -m pytest -q -m served

validate: env ## compare our numbers with those of others: docs/validation.md; EO_REAL_DATA=<folder> for the published files
	@PYTHONPATH=tests .venv/bin/python -m validation

audit: env ## ask whether vulnerabilities are known of the locked packages; says so where there is no network
	@.venv/bin/python .ci/audit.py

lint: env ## check style and types, changing nothing
	@.venv/bin/ruff check --quiet --output-format concise
	@.venv/bin/ruff format --quiet --check
	@.venv/bin/mypy --no-error-summary
	@echo "lint: style and types are fine"

format: env ## format, and mend what can be mended safely
	@.venv/bin/ruff check --quiet --fix-only
	@.venv/bin/ruff format

# Without the times of execution, the same results give the same file.
define EXECUTE
import nbclient, nbformat
path = "notebooks/enso.ipynb"
notebook = nbformat.read(path, as_version=4)
nbclient.NotebookClient(
    notebook,
    kernel_name="python3",
    record_timing=False,
    extra_arguments=["--IPKernelApp.log_level=ERROR"],
    resources={"metadata": {"path": "notebooks"}},
).execute()
nbformat.write(notebook, path)
endef
export EXECUTE

notebook: pipeline ## run the pipeline, then execute notebooks/enso.ipynb in place
	@echo "notebook: executing notebooks/enso.ipynb"
	@EO_ROOT="$(abspath $(ROOT))" .venv/bin/python -c "$$EXECUTE"

lock: ## pin every dependency anew in requirements.lock (UPGRADE=--upgrade: to the newest)
	@echo "lock: resolving pyproject.toml into requirements.lock"
	@tool=$$(mktemp -d) && trap 'rm -rf "$$tool"' EXIT && $(PYTHON) -m venv "$$tool" && \
	"$$tool/bin/pip" --disable-pip-version-check install -qq uv && \
	"$$tool/bin/uv" pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --fork-strategy fewest \
	  --all-extras --generate-hashes --no-annotate --custom-compile-command 'make lock' \
	  --output-file requirements.lock pyproject.toml

clean: ## remove .venv, caches and built packages; ROOT stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
