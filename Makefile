# `make` lists what can be made. On a fresh machine with Python 3.11, 3.12 or 3.13 and git, every target first installs what is missing
# into .venv, at the versions of requirements.txt.

# The first of these that runs here. `make install PYTHON=python3.13` chooses another.
PYTHON ?= $(shell for v in 3.11 3.12 3.13; do python$$v -c "" 2>/dev/null && echo python$$v && break; done)
VENV   := .venv
STAMP  := $(VENV)/installed-$(shell cksum < requirements.txt | cut -d' ' -f1)

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# Turn off DVC's usage statistics and oneDNN's start-up message.
export DVC_NO_ANALYTICS := 1
export TF_CPP_MIN_LOG_LEVEL := 2

.PHONY: help install repro app release-hccr release-math test check test-readers test-flink test-spark flink-up flink-down fuzz lint hooks lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## install the pinned packages into .venv

$(STAMP): requirements.txt
	@test -n "$(PYTHON)" || { echo "expected Python 3.11, 3.12 or 3.13 on the PATH, found none; install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet --requirement requirements.txt
	rm -f $(VENV)/installed-*
	touch $@

repro: install ## run the stages of both branches that changed, then print the comparison
	dvc repro
	cat reports/comparison.md
	python -m pipeline.report.times

PORT ?= 8000

app: install ## build the web app and serve it at http://127.0.0.1:8000 (PORT=8080: another port)
	python -m stages.app
	python -m pipeline.page.serve app/dist --port $(PORT)

# The params are an experiment on top of params.yaml. REAL="FILES" adds figures on real ink that you hold to the card.
REAL ?=

release-hccr: install ## train the released recogniser of characters from nothing, and write it to released/hccr (4 hours on 2 cores; resumes)
	dvc exp run --name release-hccr $(addprefix -S ,$(shell grep -v '^#' released/hccr.params)) evaluate@float32 report@dynamic
	test -z "$(REAL)" || python -m benchmarks.real_ink $(REAL) --model models/hccr/float32.tflite --model models/hccr/dynamic.tflite --output real_ink.json
	python -m pipeline.export hccr --release $(if $(REAL),--real-ink real_ink.json)

release-math: install ## train the released detector of symbols from nothing, and write it to released/math (1 hour on 2 cores; resumes)
	dvc exp run --name release-math $(addprefix -S ,$(shell grep -v '^#' released/math.params)) math-report@float16
	test -z "$(REAL)" || python -m benchmarks.real_formulas $(REAL) --model models/math/float16.tflite --output real_ink.json
	python -m pipeline.export math --release $(if $(REAL),--real-ink real_ink.json)

# Two processes by default: TESTERS=4 uses more cores. tests/conftest.py says which tests stay together.
TESTERS ?= 2
PYTEST  := python -m pytest --numprocesses $(TESTERS) --no-loadscope-reorder

test: install lint ## lint, then run the fast tests (TESTERS=2 processes)
	$(PYTEST)

check: install ## run the long tests: DVC end to end, kills, small disks, all browser tests (TESTERS=2 processes)
	$(PYTEST) -m 'slow and not alone'
	python -m pytest -m 'slow and alone'

test-readers: install ## open made-up data sets with Hugging Face datasets, Polars, DuckDB, tfds and others (installs them in .readers)
	python -m pytest -m readers

flink-up: install ## start a small Flink cluster on this machine (needs Java 11 or 17, and Maven)
	python -m cluster.flink up

flink-down: install ## stop the Flink cluster
	python -m cluster.flink down

test-flink: install ## start the Flink cluster, run every Beam stage on it and compare the bytes with a local run
	trap 'python -m cluster.flink down' EXIT; python -m cluster.flink up && python -m pytest -m flink

test-spark: install ## the same bytes on Spark (needs Java 11 or 17, and Maven)
	trap 'python -m cluster.spark down' EXIT; python -m cluster.spark up && python -m pytest -m spark

FUZZ_RUNS ?= 1000000

fuzz: install ## fuzz every reader of untrusted files (FUZZ_RUNS=1000000 executions of each)
	for target in `python -c "import fuzz; print(*fuzz.TARGETS)"`; do python -m fuzz $$target --runs $(FUZZ_RUNS) || exit 1; done

lint: install ## check style and types (ruff, mypy)
	ruff check .
	ruff format --check .
	mypy

hooks: install ## run the checks of lint before each commit (pre-commit)
	pre-commit install

# One lock serves Python 3.11 to 3.13: pip-compile gives the same packages on each.
lock: install ## pin every package that pyproject.toml's dependencies need, in requirements.txt and requirements-stores.txt
	python -m pip install --quiet pip-tools
	pip-compile --quiet --extra dev --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-emit-options --output-file requirements.txt pyproject.toml
	pip-compile --quiet --extra stores --constraint requirements.txt --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-emit-options --output-file requirements-stores.txt pyproject.toml

clean: ## remove .venv, training checkpoints, the Flink cluster's files and .readers
	rm -rf $(VENV) .checkpoints .flink .readers
