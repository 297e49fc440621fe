# Every target is one call of tracker/dev/, which needs nothing but Python's standard library.
# Without make: python3 -m tracker.dev run
PYTHON ?= python3
ARGS ?=
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run test check manage lock clean-data

help: ## list these targets
	@exec $(PYTHON) -m tracker.dev help

run: ## start the tracker on http://localhost:8000 (PORT=..., HOST=... change it), Ctrl-C stops it
	@exec $(PYTHON) -m tracker.dev run

test: ## run the tests on a real PostgreSQL (ARGS="-k clock" runs some of them)
	@exec $(PYTHON) -m tracker.dev test $(ARGS)

check: ## linters, types, layers, missing migrations, templates
	@exec $(PYTHON) -m tracker.dev check

manage: ## a Django command with its database, e.g. make manage ARGS="showmigrations"
	@exec $(PYTHON) -m tracker.dev manage $(ARGS)

lock: ## write requirements.txt and requirements-dev.txt anew (ARGS="--upgrade" takes newer releases)
	@exec $(PYTHON) -m tracker.dev lock $(ARGS)

clean-data: ## delete the local data in .data after asking (YES=1 does not ask)
	@exec $(PYTHON) -m tracker.dev clean-data
