# `make demo` and `make test` need nothing but python3 (3.11 or newer).
PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= demo
AGAINST ?= baselines
PRODUCT := api schemas transforms connectors pipelines
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Compiled modules are kept: without them every command compiles three hundred, which takes a second.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-live test test-long fuzz kill test-training test-runners test-gpu test-images test-browser page mutation lint tree types imports docs docs-check schema-check check shared bench bench-check constraints clean

help:  ## show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | column -t -s '|'

SOURCES := pyproject.toml setup.py constraints.txt $(wildcard */*.c */media/*.c)

$(VENV)/.installed: $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.demo $@

# The demo needs half of the packages that development needs, and compiles the modules that it imports.
$(VENV)/.demo: $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --no-compile -c constraints.txt -e '.[demo]'
	@touch $@

demo: $(VENV)/.demo  ## write the demo corpus, build a dataset of it, load it
	$(BIN)/blift demo $(DEMO)/corpus
	$(BIN)/blift build $(DEMO)/corpus/demo.yaml --out $(DEMO)/run
	$(BIN)/python -m blift.pipelines.demo.load $(DEMO)/run

demo-live: $(VENV)/.installed  ## the same from a Reddit, a YouTube and a host of files on loopback, by `blift fetch`
	$(BIN)/python -m tests.live_demo $(DEMO)/live

# One more than there are cores: tests also wait for processes, servers and disks.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
test: $(VENV)/.installed  ## run the tests (what needs real data, a runner or a GPU says why it is skipped)
	$(BIN)/pytest -n $(WORKERS) -m 'not long and not runner and not gpu and not kill and not browser'

test-long: $(VENV)/.installed  ## the tests that take more than ten seconds each (15 minutes on two cores)
	$(BIN)/pytest -n $(WORKERS) -m 'long and not kill'

$(VENV)/.stores: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e '.[dev,stores]'
	@touch $@

RUNNERS ?=
test-runners: $(VENV)/.stores  ## the same bytes on every engine and store that can run here; what cannot is named
	$(BIN)/pytest -m runner tests/runners tests/pipelines tests/connectors tests/deploy $(if $(RUNNERS),-k '$(RUNNERS)')

test-gpu: $(VENV)/.installed  ## rows of a GPU's decoder against those of the CPU (says why where there is no device)
	$(BIN)/pytest -m gpu tests/connectors/media tests/pipelines/stages/media

TRAINING := .cache/training
$(TRAINING)/.installed: tests/training/requirements.txt
	$(PYTHON) -m venv $(TRAINING)
	$(TRAINING)/bin/python -m pip install --quiet -r tests/training/requirements.txt
	$(TRAINING)/bin/python -m pip install --quiet --no-deps --upgrade --target $(TRAINING)/loaders/llava llava-torch==1.2.2.post1
	$(TRAINING)/bin/python -m pip install --quiet --no-deps --upgrade --target $(TRAINING)/loaders/llamafactory llamafactory==0.9.5
	$(TRAINING)/bin/python -m pip install --quiet --no-deps --upgrade --target $(TRAINING)/loaders/swift ms-swift==4.6.0
	@touch $@

test-training: $(VENV)/.installed $(TRAINING)/.installed  ## trainers' own loaders over exports of the demo, offline; one step of TRL (6 GB in .cache)
	$(BIN)/python -m tests.training $(TRAINING)/bin/python

test-images: $(VENV)/.installed  ## build the image with buildah, and run the demo in it (as root; some minutes)
	$(BIN)/pytest -m runner tests/images

NODE_MODULES := .cache/page
CHROMIUM ?= $(or $(shell command -v chromium || command -v chromium-browser || command -v google-chrome))
test-browser: $(VENV)/.installed  ## the pages of `blift report` and `blift explore` in Chromium, with axe where Node is there (says why where there is none)
	@if command -v npm >/dev/null; then $(MAKE) -s $(NODE_MODULES)/.installed || echo "npm cannot install axe and esbuild here."; fi
	BLIFT_CHROMIUM='$(CHROMIUM)' $(BIN)/pytest -m browser -n 2 --dist loadfile tests/pipelines/report/test_page.py tests/pipelines/explore/test_page.py

$(NODE_MODULES)/.installed: pipelines/report/page/package-lock.json
	@mkdir -p $(NODE_MODULES)
	cp pipelines/report/page/package.json pipelines/report/page/package-lock.json $(NODE_MODULES)
	cd $(NODE_MODULES) && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

page: $(NODE_MODULES)/.installed  ## bundle the pages of `blift report` and `blift explore` out of their sources (needs Node)
	pipelines/report/page/build.sh $(CURDIR)/$(NODE_MODULES)/node_modules pipelines/report/page pipelines/explore/page

# The packages under their import names, for tools that read files instead of importing them.
tree: $(VENV)/.installed
	@mkdir -p $(VENV)/tree/blift
	@find $(VENV)/tree/blift -type l -delete
	@for file in api/*.*; do ln -sfn ../../../$$file $(VENV)/tree/blift/$${file#api/}; done
	@for folder in schemas transforms connectors pipelines; do ln -sfn ../../../$$folder $(VENV)/tree/blift/$$folder; done

kill: $(VENV)/.installed  ## kill builds, updates, fetches, publications, exports and reports at 100 counted changes, and without power (25 minutes of CPU time)
	$(BIN)/pytest -m kill tests/kill tests/pipelines

FUZZ ?=
fuzz: $(VENV)/.installed  ## the large budgets of tests/fuzz (hours; FUZZ="recipes --inputs 5000" for a part)
	$(BIN)/python -m tests.fuzz $(FUZZ)

$(VENV)/.mutation: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e '.[dev,mutation]'
	@touch $@

MODULES ?=
mutation: $(VENV)/.mutation  ## change the modules that decide what is in a dataset, one place at a time; a test must fail (hours)
	$(BIN)/python -m tests.mutation $(MODULES)

lint: $(VENV)/.installed  ## ruff: rules and format; no private name of another package, whatever a comment says
	$(BIN)/ruff check .
	$(BIN)/ruff check --ignore-noqa --select PLC2701,SLF001 $(PRODUCT)
	$(BIN)/ruff format --check .

types: tree  ## mypy, strict
	$(BIN)/mypy

imports: tree  ## the direction of imports
	PYTHONPATH=$(VENV)/tree $(BIN)/lint-imports --no-cache

docs: $(VENV)/.installed  ## write the generated pages of docs/
	$(BIN)/blift recipe docs > docs/recipe.md
	$(BIN)/blift recipe json-schema > docs/recipe.schema.json
	$(BIN)/blift stats --json-schema > docs/statistics.schema.json
	$(BIN)/blift schema rules > docs/schema-rules.md
	$(BIN)/blift schema lineage > docs/lineage.md

# A test compares docs/lineage.md, since it takes a build of the demo.
docs-check: $(VENV)/.installed  ## generated pages are current
	$(BIN)/blift recipe docs | diff -u docs/recipe.md -
	$(BIN)/blift recipe json-schema | diff -u docs/recipe.schema.json -
	$(BIN)/blift stats --json-schema | diff -u docs/statistics.schema.json -
	$(BIN)/blift schema rules | diff -u docs/schema-rules.md -

schema-check: $(VENV)/.installed  ## tables against their baselines, or AGAINST a git ref
	$(BIN)/blift schema check --against $(AGAINST)

check: lint types imports schema-check docs-check test  ## all of the above, as CI does

bench: $(VENV)/.installed  ## the benchmarks of docs/benchmarks.md (some minutes)
	$(BIN)/python -m benchmarks.scan
	$(BIN)/python -m benchmarks.records
	$(BIN)/python -m benchmarks.near_duplicates
	$(BIN)/python -m benchmarks.language
	$(BIN)/python -m benchmarks.templates
	for what in time kills workers rivals resend again; do $(BIN)/python -m benchmarks.publish $$what; done
	for what in time kills workers; do $(BIN)/python -m benchmarks.publish $$what --xet; done

bench-check: $(VENV)/.installed  ## the last run of the benchmarks, and counts, against benchmarks/bounds.yaml
	$(BIN)/python -m benchmarks.check

constraints: $(VENV)/.installed  ## pin what is installed now
	$(BIN)/python -m pip freeze --exclude-editable --exclude blift | sed '/ @ /d' > constraints.txt

clean:  ## remove what was made here
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
