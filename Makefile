# Everything runs in .venv, which .ci/venv makes and .ci/install fills at the versions in .ci/lock.txt.
# `make demo` and `make test` need nothing done before them; .ci/run calls the same targets.

.DEFAULT_GOAL := help
BIN := .venv/bin

# What lies about on the machine must not change what is tested.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /: /' | awk -F': ' '{printf "  make %-14s %s\n", $$1, $$2}'

# A stamp per level: what is installed is installed once, until the versions or the scripts change.
.venv/.installed-%: pyproject.toml .ci/lock.txt .ci/venv .ci/install
	@sh .ci/install $*

.PHONY: demo
demo: .venv/.installed-run ## decide a small portfolio that ships with gambits
	$(BIN)/gambits demo
	@echo; echo "The command is $(BIN)/gambits; after  . $(BIN)/activate  it is gambits."

.PHONY: test
test: .venv/.installed-test ## run the tests
	$(BIN)/pytest -n 2

.PHONY: check
check: .venv/.installed-dev ## all that has to hold before a change lands
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell *.md docs src tests portfolios benchmarks .ci
	@$(MAKE) --no-print-directory test docs

.PHONY: check-system
check-system: .venv/.installed-test ## run the tests that need Debian packages (.ci/run installs them)
	@if grep -rqs 'mark\.system' tests; then $(BIN)/pytest -m system; else echo "no system tests yet"; fi

.PHONY: fuzz
fuzz: .venv/.installed-test ## run 200,000 of the fuzzer's cases, a hundred times as many as the tests do
	cd tests && ../$(BIN)/python -m fuzz --cases 200000

.PHONY: matrix
matrix: .venv/.installed-test ## run the tests on every Python 3.11-3.13 here, with the oldest and newest dependencies
	$(BIN)/python .ci/matrix.py $(TESTS)

.PHONY: coverage
coverage: .venv/.installed-test ## run the tests and say what they miss
	$(BIN)/pytest --cov

.PHONY: docs
docs: .venv/.installed-dev ## build the documentation into site/
	$(BIN)/python docs/generate.py
	$(BIN)/zensical build --clean --strict

.PHONY: bench
bench: .venv/.installed-test ## run every benchmarks/bench_*.py
	@set -e; for bench in benchmarks/bench_*.py; do \
	    if test -e "$$bench"; then $(BIN)/python "$$bench"; else echo "no benchmarks yet"; fi; \
	done

.PHONY: format
format: .venv/.installed-dev ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lock
lock: ## bring .ci/lock.txt up to date with pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate \
	    --upgrade --output-file .ci/lock.txt pyproject.toml

.PHONY: clean
clean: ## remove all that make made
	rm -rf .venv .cache site dist htmlcov .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
