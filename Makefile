# Two commands: `make run`, `make test`. Each sets up what it needs first; `make setup` does the set-up of both, alone.

PYTHON ?= python3
PY := .venv/bin/python

.PHONY: run test bench soak pictures setup setup-run setup-test clean

run: setup-run
	@exec $(PY) app.py run $(ARGS)

test: setup-test
	@$(PY) -m ruff check .
	@$(PY) -m mypy --strict domain store ingest
	@node=$$($(PY) prepare.py node) && $$node --test --test-reporter=dot tests/js/*.test.js
	@$(PY) -m pytest -n 3 --dist loadfile $(ARGS)

bench: setup-test
	@$(PY) -m bench $(ARGS)

soak: setup-test
	@$(PY) -m bench.soak $(ARGS)

pictures: setup-test
	@$(PY) -m bench.pictures $(ARGS)

setup: setup-run setup-test

setup-run:
	@$(PYTHON) prepare.py run

setup-test:
	@$(PYTHON) prepare.py test

clean:
	rm -rf .venv node_modules assets/vendor var
