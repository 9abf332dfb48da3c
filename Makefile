# Two commands: `make run`, `make test`. Both set up what they need first (`make setup`, `make setup-test`).

PYTHON ?= python3
PY := .venv/bin/python

.PHONY: run test bench setup setup-test clean

run: setup
	@exec $(PY) app.py run $(ARGS)

test: setup-test
	@$(PY) -m ruff check .
	@$(PY) -m mypy --strict domain store ingest
	@node=$$($(PY) prepare.py node) && $$node --test --test-reporter=dot tests/js/*.test.js
	@$(PY) -m pytest $(ARGS)

bench: setup-test
	@$(PY) -m bench $(ARGS)

setup:
	@$(PYTHON) prepare.py run

setup-test:
	@$(PYTHON) prepare.py test

clean:
	rm -rf .venv node_modules assets/vendor var
