# Two commands for a new user: `make serve` and `make test`. The rest is for those who change Porchlight.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin

.PHONY: serve site test test-all check bench lock

serve: .venv/serve
	@PORCHLIGHT_ENV=development $(BIN)/porchlight serve

site: .venv/serve
	@$(BIN)/porchlight site

test: .venv/dev
	$(BIN)/python -m pytest

test-all: .venv/dev
	$(BIN)/python -m pytest -m ""

check: .venv/dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/codespell && $(BIN)/python tests/floors.py

bench: .venv/dev
	$(BIN)/python -m tests.bench && $(BIN)/python -m tests.bench.site && $(BIN)/python -m tests.bench.files

lock: .venv/dev
	$(BIN)/uv pip compile $(LOCK) --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

LOCK := --no-config -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --custom-compile-command "make lock" --extra postgres --extra media --extra email --extra sms

.venv/serve: requirements.lock pyproject.toml
	@$(call install,requirements.lock)

.venv/dev: requirements-dev.lock pyproject.toml
	@$(call install,requirements-dev.lock)

# A stamp file says which lock the environment holds; the development lock holds all of the other.
define install
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Porchlight needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }; \
	if [ ! -x $(BIN)/python ]; then \
	  echo "1/2 making the virtual environment in .venv"; \
	  $(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv; echo "python3 -m venv does not work here: install the package python3-venv (Debian, Ubuntu) or python3-virtualenv and run make again"; exit 1; }; \
	fi; \
	echo "2/2 installing $(1) (pinned, checked by hash)"; \
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r $(1) && \
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e . && \
	touch $@
endef
