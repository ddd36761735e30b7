# The commands of the project; `make` alone lists them. REPORTS, SOURCE, SERVICE, TARGET, FROM, UNTIL, CONFIRM, NIGHTS, PARAMETERS, PYTEST_ARGS and PYTHON may be set.
SOURCE ?= sample
python := $(or $(PYTHON),python3)
install := $(python) scripts/install.py
venv := .venv/airflow/bin
stack := $(venv)/python -m local_stack
workers := --numprocesses 2 --dist loadscope --no-loadscope-reorder
export PYTHONPATH := $(CURDIR)/include:$(CURDIR)/tools
export PARAMETERS
# These are for other programs and installations: PYTHONHOME alone would keep any Python of ours from starting.
unexport $(filter-out PYTHON PYTHONPATH AIRFLOW_CONN_AUSTIN_CRIME_%,$(filter PYTHON% PG% FLASK_% PREFECT_% AIRFLOW_HOME AIRFLOW_CONN_%,$(.VARIABLES)))
.DEFAULT_GOAL := help
.PHONY: help demo up load reset backup restore replay flow prefect down status logs secrets test test-fast test-compose test-upgrade lint format docs docs-build docs-serve assets-lint assets-export assets-import benchmark growth soak screenshots clean installed

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Install and start everything on the sample portal, run the nightly DAG and show the result (REPORTS=100000)
	@$(install) local
	@$(stack) demo --reports "$(REPORTS)"

up: ## Start everything without running a load (SOURCE=sample or live, the city's portal)
	@$(install) local
	@$(stack) up --source "$(SOURCE)" --reports "$(REPORTS)"

load: installed ## Run the nightly DAG now and follow it to its end
	@$(stack) load

reset: installed ## Delete data; asks first, and the next load restores it (TARGET="all tables", landing, everything)
	@$(stack) reset "$(TARGET)"

backup: installed ## Back up the warehouse and remove backups beyond the limit
	@$(stack) backup

restore: installed ## Replace the warehouse with a backup; asks first (FROM=a backup's name or path, CONFIRM=the database's name)
	@$(stack) restore "$(FROM)" --confirm "$(CONFIRM)"

replay: installed ## Fill an empty warehouse from the landing, without the portal (UNTIL=a load's id; see docs/runbook.md)
	@$(venv)/python -m austin_crime.replay --until "$(UNTIL)"

flow: ## Run the load once with Prefect, in the foreground (PARAMETERS='{"dry_run": true}')
	@$(install) local prefect
	@$(stack) flow --reports "$(REPORTS)" --parameters "$$PARAMETERS"

prefect: ## Start a Prefect server with the nightly load, alongside what already runs
	@$(install) local
	@$(stack) prefect --source "$(SOURCE)" --reports "$(REPORTS)"

down: installed ## Stop everything; keeps the data
	@$(stack) down

status: installed ## Show the state of each server, and memory
	@$(stack) status

logs: installed ## Follow the logs of all servers, or of one (SERVICE=superset)
	@$(stack) logs "$(SERVICE)"

secrets: ## Create .env and secrets/ for docker compose up; keeps existing values
	@$(python) -m local_stack.configuration.container_secrets

test: ## Install the test dependencies and run the tests (PYTEST_ARGS="-k portal -x")
	@$(install) dev superset prefect-dev
	@$(venv)/python -m pytest $(workers) $(PYTEST_ARGS)

test-fast: ## Run the fast tests, in two minutes: only PostgreSQL, one whole load per folder
	@$(install) dev
	@$(venv)/python -m pytest $(workers) -m "not compose and not upgrade and not slow" $(PYTEST_ARGS)

test-compose: ## Test the containers from empty volumes: load, kill, compare; needs a Docker engine
	@$(install) dev
	@$(venv)/python -m pytest -m compose tests/compose $(PYTEST_ARGS)

test-upgrade: ## Load a warehouse with an earlier version, upgrade it, compare (FROM=the last tag, or any commit)
	@$(install) dev superset
	@UPGRADE_FROM="$(FROM)" $(venv)/python -m pytest -m upgrade tests/upgrade $(PYTEST_ARGS)

lint: docs-build ## Check style, types, SQL, YAML, Dockerfiles, docker-compose.yaml, the workflow and the site of docs/
	@$(install) dev prefect-dev
	@$(venv)/ruff check . && $(venv)/ruff format --check . && $(venv)/mypy
	@$(venv)/mypy --python-executable .venv/prefect/bin/python include/austin_crime_prefect flows
	@$(venv)/sqlfluff lint --nocolor --disable-progress-bar include/sql tools/benchmarks superset/queries
	@$(venv)/yamllint --strict . && $(venv)/hadolint docker/*/Dockerfile
	@$(venv)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(venv)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: ## Format Python and SQL
	@$(install) dev
	@$(venv)/ruff check --fix . ; $(venv)/ruff format .
	@$(venv)/sqlfluff fix --nocolor --disable-progress-bar include/sql tools/benchmarks superset/queries

docs: installed ## Generate what comes from comments and declarations: pages of docs/, Superset's column descriptions, .env.example
	@$(venv)/python scripts/write_docs.py
	@PYTHONPATH=$(PYTHONPATH):$(CURDIR)/superset $(venv)/python scripts/write_column_descriptions.py
	@$(venv)/python scripts/write_env_example.py
	@$(venv)/python scripts/write_reference.py

docs-build: ## Build docs/ as a site in site/; a dead link is an error
	@$(install) docs
	@NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --strict

docs-serve: ## Serve docs/ at http://127.0.0.1:8000 with live reload
	@$(install) docs
	@NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs serve --livereload

assets-lint: ## Check superset/assets: UUIDs, orphans, and that every column, metric, filter and query is valid
	@$(install) dev
	@$(venv)/python -m pytest -q $(PYTEST_ARGS) tests/superset/test_assets.py

assets-export: installed ## Export changes made in Superset to superset/assets
	@$(stack) assets-export

assets-import: installed ## Import superset/ into Superset; changes that were not exported are lost
	@$(stack) assets-import

benchmark: ## Compare the load with alternatives; writes docs/benchmarks.md (REPORTS=200000 for one size)
	@$(install) local benchmark
	@$(venv)/python -m benchmarks "$(REPORTS)"

growth: ## Measure how the load grows, up to ten times the history; writes docs/growth.md (REPORTS=10000000 for one size)
	@$(install) local benchmark superset
	@$(venv)/python -m benchmarks.growth "$(REPORTS)"

soak: installed ## Run the DAG night after night on the running stack, with faults and crashes; writes docs/soak.md (NIGHTS=90)
	@$(install) local benchmark
	@$(venv)/python -m benchmarks.soak "$(NIGHTS)"

screenshots: installed ## Take the README's screenshots of the running stack
	@$(install) dev
	@$(venv)/python scripts/take_screenshots.py

clean: ## Remove data, environments and passwords; asks first
	@$(python) scripts/clean.py

installed:
	@test -x $(venv)/python || { echo "Nothing is installed here yet: run make demo or make up."; exit 1; }
