# Two commands do all: `make demo` runs the main job, `make test` proves it. The rest is for developers.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
SECONDS ?= 60

.PHONY: setup demo test check format bench docs clean
setup: $(VENV)/.ready

$(VENV)/.ready: requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
