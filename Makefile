# Everything that a newcomer or a CI job runs; `make` lists it.

VENV := .venv
PYTHON ?=
WORKERS ?= 2
ARGS ?=
TAG ?=

python := $(VENV)/bin/python

.PHONY: help setup demo test lint docs bench wheel release-check clean

help: ## List the commands
	@echo "Usage: make COMMAND [PYTHON=/path/to/python3] [WORKERS=2] [ARGS='more words for pytest or the benchmark']"
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-13s  %s\n' "$$name" "$$text"; done

setup: ## Make everything ready for development: packages, virtual environment; quick when nothing is to be done
	@tools/set-up $(VENV) test $(PYTHON)

demo: ## Show the main job: a clean build, a caught violation, a plugin author's tests; ARGS=-v shows all output
	@tools/set-up $(VENV) demo $(PYTHON)
	@$(python) sample_projects/demo.py $(ARGS)

test: setup ## Run the whole suite, style checks included
	$(python) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: setup ## Check style, types and the direction of imports
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	$(VENV)/bin/lint-imports

docs: setup ## Build the documentation site into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict
	@echo "open site/index.html; its search works where the site is served: $(python) -m http.server -d site"

bench: setup ## Measure builds under enforcement beside stock ones; ARGS='1000 shape --pairs 5', see benchmarks/build.py
	$(python) benchmarks/build.py $(ARGS)

wheel: setup ## Build wheel and source distribution into dist/
	$(python) -m build --outdir dist

release-check: setup ## Build both, check them, and run tests on the installed wheel; TAG=v1.2.3 checks the version, too
	$(python) tools/check_release.py $(if $(TAG),--tag '$(TAG)') -- $(ARGS)

clean: ## Remove what the other commands made
	rm -rf $(VENV) dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
