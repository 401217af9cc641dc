# `make demo` and `make test` work on a bare machine with Python 3.11+ and make; `make help` lists the rest.
.DEFAULT_GOAL := help
# Where it is set, each of the many processes that tests start would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo role tag label organization run test quick lint bench oracle load lock clean

PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(if $(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes),$(name))))
PORT ?= 8000
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found."; exit 1; }
	@echo "Making a virtual environment …"
	@$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing …"
	@$(INSTALL) --editable '.[postgres,redis]'
	@touch $@

.venv/.sandbox: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing (a minute or two the first time) …"
	@$(INSTALL) --editable '.[sandbox]'
	@touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing (a minute or two the first time) …"
	@$(INSTALL) --editable '.[dev]'
	@touch $@

demo: .venv/.sandbox ## the product with simulated clouds, on http://localhost:8000 (FLEET=300 connects so many accounts)
	@exec $(BIN)/python manage.py up --sandbox --port $(PORT) $(if $(FLEET),--fleet $(FLEET))

# What is given on make's command line is in the environment of its commands: there, no quote in it does harm.
role: .venv/.sandbox ## the customer's side of the demo: a role with your external ID (ACCOUNT=… EXTERNAL_ID=…)
	@test -n "$$ACCOUNT" -a -n "$$EXTERNAL_ID" || { echo "Say which: make role ACCOUNT=4444-5555-6666 EXTERNAL_ID=ca-…"; exit 2; }
	@CLOUD_ACCOUNTS_SANDBOX=1 $(BIN)/python -m sandbox.role --data-dir "$${DATA_DIR:-var/sandbox}/clouds" \
		--account "$$ACCOUNT" --external-id "$$EXTERNAL_ID"

tag: .venv/.sandbox ## the same for Azure: your external ID as a tag (SUBSCRIPTION=… EXTERNAL_ID=…)
	@test -n "$$SUBSCRIPTION" -a -n "$$EXTERNAL_ID" || { echo "Say which: make tag SUBSCRIPTION=… EXTERNAL_ID=ca-…"; exit 2; }
	@CLOUD_ACCOUNTS_SANDBOX=1 $(BIN)/python -m sandbox.azure.tag --data-dir "$${DATA_DIR:-var/sandbox}/clouds" \
		--subscription "$$SUBSCRIPTION" --external-id "$$EXTERNAL_ID"

label: .venv/.sandbox ## the same for Google Cloud: your external ID as a label (PROJECT=… EXTERNAL_ID=…)
	@test -n "$$PROJECT" -a -n "$$EXTERNAL_ID" || { echo "Say which: make label PROJECT=… EXTERNAL_ID=ca-…"; exit 2; }
	@CLOUD_ACCOUNTS_SANDBOX=1 $(BIN)/python -m sandbox.gcp.label --data-dir "$${DATA_DIR:-var/sandbox}/clouds" \
		--project "$$PROJECT" --external-id "$$EXTERNAL_ID"

organization: .venv/.sandbox ## the same for all members of the AWS organization (EXTERNAL_ID=…)
	@test -n "$$EXTERNAL_ID" || { echo "Say which: make organization EXTERNAL_ID=ca-…"; exit 2; }
	@CLOUD_ACCOUNTS_SANDBOX=1 $(BIN)/python -m sandbox.organization --data-dir "$${DATA_DIR:-var/sandbox}/clouds" \
		--external-id "$$EXTERNAL_ID"

run: .venv/.runtime ## the product against the real clouds, on http://localhost:8000
	@exec $(BIN)/python manage.py up --port $(PORT)

test: .venv/.dev ## all tests
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m pytest --numprocesses=5 --dist=loadfile

quick: .venv/.dev ## tests that need no cloud, browser or service; of long tables some cases
	@$(BIN)/python -m pytest --quick --numprocesses=2 --dist=loadfile --quiet

lint: .venv/.dev ## style, types, import contracts, security, migrations, deployment checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --check --lint templates
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --severity-level medium --recursive config cloudaccounts wizard scans teams
	@$(BIN)/python -m tests.dependency_audit
	@$(BIN)/python -m tests.deployment_checks

bench: .venv/.dev ## benchmarks against the bare SDK (some: ONLY="scans fleet"); writes var/bench.json
	@$(BIN)/python -m tests.bench $(ONLY)

oracle: .venv/.dev ## a simulated account by this product and by Prowler (installed apart: 2.3 GB), side by side (ARGUMENTS="--cloud azure")
	@$(BIN)/python -m tests.oracle $(ARGUMENTS)

load: .venv/.dev ## load, and one user at his worst, on PostgreSQL and Redis (TEST_POSTGRES_URL, TEST_REDIS_URL) and on SQLite
	@$(BIN)/python -m tests.load $(ONLY)

lock: .venv/.dev ## writes constraints.txt anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --quiet \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file constraints.txt

clean: ## removes the virtual environment (never var/: it holds keys and data)
	@rm -rf .venv *.egg-info
