# Needs GNU make and Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
# Three keep two cores busy while some wait for the databases; more than four only wait.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(3, min(4, os.cpu_count() or 2)))')

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
CONTENDERS := $(VENV)/contenders
EXAMPLE := examples/fastapi-docker

# Material for MkDocs prints an advertisement otherwise, pyright asks PyPI for its own version.
export NO_MKDOCS_2_WARNING := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test fuzz check lint types imports site docs reference diagrams screenshots bench chaos dependencies modes lowest matrix mutation sbom wheel image scale soak clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/demo.stamp ## Run the example application on SQLite
	@cd $(EXAMPLE) && $(BIN)/python -m app.demo

test: $(VENV)/all.stamp $(CONTENDERS)/stamp ## Run everything a change has to pass: tests, coverage limits, check
	$(BIN)/python -m coverage erase
	PART=measured $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=
	PART=rest $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
	$(BIN)/python -m tools.coverage_limits
	@$(MAKE) --no-print-directory check

fuzz: $(VENV)/all.stamp ## Run the generated tests with new, and many more, examples
	FUZZ=1 $(BIN)/python -m pytest tests/core tests/invariants/test_sessions_state_machine.py \
		-k "state_machine or addresses or identifiers or text or secrets" -o faulthandler_timeout=0

check: lint types imports site lowest ## Lint, types, import rules, documentation, lowest versions

lint: $(VENV)/all.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/hadolint $(EXAMPLE)/Dockerfile $(EXAMPLE)/Dockerfile.prod
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec $(EXAMPLE)/docker-compose*.yml

types: $(VENV)/all.stamp
	$(BIN)/mypy
	cd examples/fastapi-docker && $(BIN)/mypy --config-file ../../pyproject.toml app tests
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python
	PATH="$(BIN):$$PATH" $(BIN)/pyright --verifytypes fastauth_kit --ignoreexternal

imports: $(VENV)/all.stamp
	$(BIN)/lint-imports

site: $(VENV)/all.stamp
	$(BIN)/mkdocs build --strict --quiet

docs: $(VENV)/all.stamp ## Serve the documentation while it is being written
	$(BIN)/mkdocs serve

reference: $(VENV)/all.stamp ## Write the tables of the documentation that are made from the code
	$(BIN)/python -m tools.reference

diagrams: $(VENV)/all.stamp ## Draw the diagrams of the documentation anew (npm, Chromium)
	npm install --silent --no-save --prefix $(VENV)/mermaid mermaid@12.3.0
	$(BIN)/python -m tools.diagrams $(VENV)/mermaid/node_modules/mermaid/dist/mermaid.min.js

screenshots: $(VENV)/all.stamp ## Take the pictures of the example app anew (Chromium)
	$(BIN)/python -m tools.screenshots

bench: $(VENV)/all.stamp $(CONTENDERS)/stamp ## Measure against a hand-written app and fastapi-users
	$(BIN)/python -m benchmarks $(ARGS)

chaos: $(VENV)/all.stamp ## Kill, cut off and starve the app; fail every step; repeat every race
	CHAOS=1 $(BIN)/python -m pytest tests/faults tests/invariants/test_failure_injection.py \
		tests/invariants/test_races_for_an_account.py tests/invariants/test_races_for_a_session.py \
		tests/invariants/test_races_across_processes.py -o faulthandler_timeout=0

modes: $(VENV)/all.stamp $(CONTENDERS)/stamp ## Run the suite under SERIALIZABLE, snapshots, and through pgbouncer
	for mode in serializable snapshot pgbouncer; do \
		TEST_MODE=$$mode $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal || exit 1; done

lowest: $(VENV)/all.stamp ## Run the core flows with the oldest versions that are promised
	PATH="$(BIN):$$PATH" $(BIN)/python -m nox --session short

matrix: $(VENV)/all.stamp ## Run the suite over SQLAlchemy 2.0 and 2.1, each Python, oldest and newest
	PATH="$(BIN):$$PATH" $(BIN)/python -m nox $(if $(ARGS),-- $(ARGS))

dependencies: $(VENV)/all.stamp ## Write docs/reference/dependencies.md anew
	$(BIN)/python -m tools.dependencies

sbom: $(VENV)/all.stamp ## Write what an installation with every extra consists of, as CycloneDX
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/sbom
	@$(BIN)/uv pip install --quiet --python $(VENV)/sbom/bin/python \
		".[sqlite,postgres,mysql,postgres-sync,mysql-sync,mail,throttling,redis,cli,demo,sqlmodel,testing]"
	@mkdir -p dist
	$(BIN)/cyclonedx-py environment $(VENV)/sbom --pyproject pyproject.toml --mc-type library \
		--output-reproducible --of JSON -o dist/sbom.json

mutation: $(VENV)/mutation.stamp ## Change the source a little, and see whether a test notices
	MUTATION_SECONDS=$(SECONDS) $(BIN)/python tools/mutation.py run $(MUTANTS)
	$(BIN)/python tools/mutation.py table

wheel: $(VENV)/pip.stamp ## Build the library into the example, for its Dockerfiles
	@rm -f $(EXAMPLE)/wheels/*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(EXAMPLE)/wheels .

image: $(VENV)/all.stamp ## Build the example's image and run it (root on Debian; no Docker)
	$(BIN)/python tools/image.py

scale: $(VENV)/all.stamp ## Measure growth to 10^6 users, and pruning (PostgreSQL, 4 GB of disk)
	$(BIN)/python -m benchmarks.scale --out scale.md

soak: $(VENV)/all.stamp ## Let twenty minutes of mixed traffic run (Linux, PostgreSQL)
	$(BIN)/python -m benchmarks.soak --out soak

clean: ## Remove what the other targets made
	rm -rf $(VENV) .image $(EXAMPLE)/.demo $(EXAMPLE)/wheels/*.whl site dist htmlcov .coverage .coverage.* .hypothesis .schemathesis \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip 25.1 is the first to know --group.
$(VENV)/pip.stamp:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) was not found. Install Python 3.11 or newer, or say which one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older. Say which one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/demo.stamp: pyproject.toml | $(VENV)/pip.stamp
	@echo "Installing what the demo needs"
	@$(BIN)/python -m pip install --quiet --editable ".[sqlite,mail,throttling,redis]" --group example
	@touch $@

$(VENV)/all.stamp: pyproject.toml | $(VENV)/pip.stamp
	@echo "Installing the library, its tests and its tools"
	@$(BIN)/python -m pip install --quiet --editable ".[sqlite,postgres,mysql,mail,throttling,redis]" \
		--group test --group lint --group docs --group example --group bench --group release
	@touch $(VENV)/demo.stamp $@

$(VENV)/mutation.stamp: $(VENV)/all.stamp
	@$(BIN)/python -m pip install --quiet --group mutation
	@touch $@

# fastapi-users needs an older SQLAlchemy than the rest. Benchmarks go on without it; the test
# that runs it beside the kit then says that it was skipped, or fails with REQUIRE_SERVERS=1.
$(CONTENDERS)/stamp: pyproject.toml | $(VENV)/pip.stamp
	@echo "Installing fastapi-users, to be measured and to be moved from"
	-@$(PYTHON) -m venv --clear $(CONTENDERS) && \
		$(CONTENDERS)/bin/python -m pip install --quiet --upgrade "pip>=25.1" && \
		$(CONTENDERS)/bin/python -m pip install --quiet --group contenders && touch $@
