# On a fresh machine with Python 3.11, git and make:
#   make repro   installs what is missing, then runs what changed of the pipeline
#   make test    installs what is missing, then runs the test suite
#   make app     runs what changed of the pipeline, up to the web app, and serves it on this machine
# With Java and Maven:
#   make flink-up    starts a small Flink cluster on this machine and tells how to run Beam stages on it
#   make flink-down  stops it
#   make test-flink  runs every Beam stage on it and compares the bytes
PYTHON ?= python3.11
VENV   := .venv
STAMP  := $(VENV)/installed-$(shell cksum < requirements.txt | cut -d' ' -f1)

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# DVC's usage statistics and oneDNN's greeting are no part of the output.
export DVC_NO_ANALYTICS := 1
export TF_CPP_MIN_LOG_LEVEL := 2

.PHONY: help install repro app test test-slow test-flink flink-up flink-down fuzz lint lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

install: $(STAMP)

$(STAMP): requirements.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet --requirement requirements.txt
	rm -f $(VENV)/installed-*
	touch $@

repro: install
	dvc repro
	cat reports/comparison.md

# make app PORT=8080 serves it elsewhere.
PORT ?= 8000

app: install
	dvc repro app
	python -m pipeline.page.serve app/dist --port $(PORT)

test: install lint
	python -m pytest

test-slow: install
	python -m pytest -m slow

flink-up: install
	python -m cluster.flink up

flink-down: install
	python -m cluster.flink down

test-flink: install
	trap 'python -m cluster.flink down' EXIT; python -m cluster.flink up && python -m pytest -m flink

# Fuzzes every reader of files from elsewhere, see fuzz/.
FUZZ_RUNS ?= 1000000

fuzz: install
	for target in `python -c "import fuzz; print(*fuzz.TARGETS)"`; do python -m fuzz $$target --runs $(FUZZ_RUNS) || exit 1; done

lint: install
	ruff check .
	ruff format --check .
	mypy

# Pins every package that pyproject.toml's few pull in.
lock: install
	python -m pip install --quiet pip-tools
	pip-compile --quiet --extra dev --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-emit-options --output-file requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) .checkpoints .flink
