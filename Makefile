# Everything a contributor needs, from a fresh clone. The environment is made on the first run and kept until
# the locked requirements change.
.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN := .venv/bin
READY := .venv/.ready
CODE := $(wildcard gateway tests bench scripts)
# or each gateway that a test starts is compiled anew
unexport PYTHONDONTWRITEBYTECODE
IMAGE ?= imap-gateway:test
# tests wait for servers more than for a processor
WORKERS ?= 4

.PHONY: help demo test soak lint types format bench lock image helm clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1 - /p' $(MAKEFILE_LIST)

$(READY): requirements/dev.txt pyproject.toml scripts/environment
	@scripts/environment
	@touch $@

demo: $(READY) ## embedded mail server, issuer, gateway and a page with a live inbox, on 127.0.0.1
	@$(BIN)/gateway demo $(ARGS)

test: $(READY) ## what CI runs: real servers, lint, types, layers, tests
	@scripts/system-packages
	@$(MAKE) --no-print-directory lint
	@scripts/tests $(WORKERS) $(ARGS)

soak: $(READY) ## the acceptance runs at their full size: half an hour of mutations, a million messages, ten thousand requests
	@scripts/system-packages
	ACCEPTANCE_REQUESTS=10000 ACCEPTANCE_MESSAGES=1000000 MUTATION_SECONDS=1800 \
		$(BIN)/pytest tests/acceptance -s --timeout 600 $(ARGS)

lint: $(READY) ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-cache

format: $(READY) ## put the code into the one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure the API on this machine beside what else does its work: a table, plots and the data
	$(BIN)/python -m bench $(ARGS)

lock: $(READY) ## pin the newest versions that pyproject.toml allows, with hashes
	scripts/lock

image: $(READY) ## build the container image and run it as it will run: another user, a read-only root
	scripts/image-check $(IMAGE)

helm: $(READY) ## lint and render the chart, and validate every manifest
	$(BIN)/pytest tests/packaging $(ARGS)

clean: ## remove what the targets above made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
