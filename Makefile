# Two commands do all: `make demo` runs the main job, `make test` proves it. The rest is for developers.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
SECONDS ?= 60
PYTEST_ARGS ?=

.PHONY: setup demo test check format docs soak bench clean

setup: $(VENV)/.ready  ## a virtual environment with everything in it; quick when it is there

# A venv holds absolute paths: one that was moved or half made is made anew.
$(VENV)/.ready: requirements-dev.txt pyproject.toml
	$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup  ## gateway, embedded log and 20 simulated stations in one terminal; SECONDS=20 to end by itself
	$(BIN)/ocpp-gateway demo --seconds $(SECONDS)

test: check  ## everything that must hold, on real Kafka and with public clients
	$(BIN)/pytest $(PYTEST_ARGS)

check: setup  ## format, lint, types, and that the published contract is fresh
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m cli.docs --check

format: setup
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .

docs: setup  ## JSON Schemas, AsyncAPI and the tables of events and settings, generated from the code
	$(BIN)/python -m cli.docs

soak: setup  ## a fleet with foreign habits lives a week in minutes; oracles compare what became of it with the truth
	$(BIN)/python -m tests.soak

bench: setup  ## about eleven minutes: the gateway beside its references, and its commands, on this machine
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis var
