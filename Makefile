# connote: `make demo` shows the main job, `make test` checks everything. See README.md.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
ARGS ?=

.PHONY: demo serve setup console test lint fix docs bench clean

demo: setup            ## pull the default models, serve, and show what a text expands to
	$(BIN)/connote demo $(ARGS)

serve: setup           ## serve alone
	$(BIN)/connote serve $(ARGS)

setup: .venv/installed console ## install connote into .venv, and build the console if there is Node.js

console: .venv/installed ## build the web console into src/connote/console
	@$(BIN)/python console/build.py

test: .venv/developing lint ## lint, types, and all tests
	$(BIN)/python console/build.py --check
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/developing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

fix: .venv/developing
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	npm --prefix console run fix

docs: .venv/developing ## write the reference pages again
	$(BIN)/python docs/generate.py

bench: .venv/developing ## a few minutes of measurements; docs/performance.md tells of the long ones and of the peers
	$(BIN)/python -m bench.http
	$(BIN)/python -m bench.cold
	$(BIN)/python -m bench.encode_cpu --quick

clean:
	rm -rf .venv .cache dist console/node_modules src/connote/console

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit("connote needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade pip
	@ln -sf bin/python $@

.venv/installed: .venv/python pyproject.toml constraints.txt $(wildcard native/*.* native/src/*)
	@echo "installing connote into .venv …"
	$(PIP) --editable .
	@$(PIP) ./native || echo "connote-native could not be compiled (it needs a C++20 compiler): ONNX Runtime serves in its place, slower"
	@touch $@

.venv/developing: .venv/installed
	@echo "installing what the tests need …"
	$(PIP) --group dev
	@touch $@
