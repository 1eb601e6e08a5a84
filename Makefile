# make run    a live status page on this machine          make run PORT=8000 DATA_DIR=var CONFIG=examples/self.toml
# make test   everything that is checked, set-up included
PORT ?= 8000
HOST ?= 127.0.0.1
DATA_DIR ?= var
CONFIG ?= examples/self.toml
export DATA_DIR

python := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help
help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables of run: PORT=$(PORT) HOST=$(HOST) DATA_DIR=$(DATA_DIR) CONFIG=$(CONFIG)"

# exec: the signal that make gets or hands on reaches the starter itself, not a shell in between.
.PHONY: run
run: ## set up and start a live status page; Ctrl-C stops all of it
	@.ci/sync run
	@exec $(python) manage.py runlocal --host '$(HOST)' --port '$(PORT)' --config '$(CONFIG)'

.PHONY: setup
setup: ## install what running and testing need into .venv
	@.ci/sync

.PHONY: test
test: ## linting, types, layers, migrations, unit tests on SQLite and PostgreSQL, journeys
	@exec .ci/test

.PHONY: lint
lint: setup ## linting, formatting, types, layers, files of Docker
	@exec .ci/lint

.PHONY: fast
fast: setup ## unit tests on SQLite alone
	@exec env -u DATA_DIR $(python) -m pytest -q -n 2 tests/unit

.PHONY: format
format: setup ## format and fix what can be fixed by itself
	@$(python) -m ruff check --fix-only --quiet .
	@$(python) -m ruff format .
