# Everything starts here: `make demo` and `make test` do all their own setting up.
PY := .venv/bin/python
ARGS ?=
# Many tests wait for servers, not for a core: two more at a time than there are cores.
JOBS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 2)))
SOAK_S ?= 600
SEED ?=
export PYTHON
# Set in many images. Here it would have every worker and every process of a test compile everything anew.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-long lint audit bench soak docs screenshots locks stack-secrets clean

help:  ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install cityops into .venv (and the broker where it is missing)
	@scripts/bootstrap.sh server

setup-dev:
	@scripts/bootstrap.sh dev

demo: setup  ## a simulated town on a frost night, with its pages (ARGS="--check" verifies it)
	@.venv/bin/cityops demo $(ARGS)

test: setup-dev  ## all tests (JOBS=1 one after the other, ARGS="-k frost" some, ARGS="--cpu-report FILE" what each costs)
	$(PY) -m pytest -m "not soak" -n $(JOBS) --dist loadfile --no-loadscope-reorder --durations 20 $(ARGS)

lint: setup-dev  ## style, types and import rules
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

audit: setup-dev  ## ask whether a library has a published hole (needs a network; 75: could not ask)
	$(PY) scripts/audit.py $(ARGS)

bench: setup-dev  ## measure on this machine
	$(PY) -m bench $(ARGS)

soak: setup-dev  ## ten minutes of faults in random order, counted to the message (SOAK_S=60 SEED=7); a wall that is open for a day; a search of REST for holes
	.venv/bin/cityops verify durability --faults all --rate 1000 --seconds $(SOAK_S) $(if $(SEED),--seed $(SEED)) $(ARGS)
	$(PY) -m pytest -m soak -s tests/integration/test_ops_wall_open.py tests/integration/test_any_body.py
	CITYOPS_TEST_SCHEMATHESIS_S=$(SOAK_S) $(PY) -m pytest -m soak tests/integration/test_schemathesis.py

test-long: setup-dev  ## the long tests: twenty kills of each part, ten minutes without database, every scenario, fifteen times the examples
	$(PY) -m pytest -m soak $(ARGS)
	CITYOPS_TEST_EXAMPLES=15 $(PY) -m pytest -n $(JOBS) tests/property tests/unit/test_rules_overrides.py $(ARGS)

docs: setup-dev  ## write the generated pages of docs/
	.venv/bin/cityops config docs
	.venv/bin/cityops kinds --markdown docs/kinds.md
	$(PY) -m bench.scaling_page --write docs/scaling.md

screenshots: setup-dev  ## pictures of all pages from a demo that runs (ARGS="--password …", which it printed)
	$(PY) scripts/screenshots.py $(ARGS)

LOCK := .uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header
locks: setup-dev  ## pin the newest allowed version of everything (review the difference)
	$(LOCK) --upgrade --extra server --extra dashboards --extra network --extra otel --extra parquet --group dev pyproject.toml -o requirements/dev.lock
	$(LOCK) --upgrade --extra server -c requirements/dev.lock pyproject.toml -o requirements/server.lock
	$(LOCK) --upgrade --extra pi -c requirements/dev.lock pyproject.toml -o requirements/pi.lock
	$(LOCK) --upgrade --extra network -c requirements/dev.lock pyproject.toml -o requirements/network.lock
	$(LOCK) --upgrade --extra otel -c requirements/dev.lock pyproject.toml -o requirements/otel.lock
	$(LOCK) --upgrade --extra parquet -c requirements/dev.lock pyproject.toml -o requirements/parquet.lock
	$(LOCK) --upgrade -c requirements/dev.lock requirements/grafana.in -o requirements/grafana.lock
	$(LOCK) --upgrade -c requirements/dev.lock requirements/build.in -o requirements/build.lock
	$(LOCK) --upgrade requirements/uv.in -o requirements/uv.lock

stack-secrets:  ## make the passwords that docker-compose.yml needs (docs/deploy.md)
	@deploy/secrets.sh

clean:  ## remove environments and caches; data stays
	rm -rf .venv .uv .grafana .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
