# `make` alone lists what there is. Everything runs in .venv, which helpers/setup/env.sh keeps equal to the lock.
# Variables: PYTHON=/path/to/python3.12   LAB_ARGS="--no-browser --port 8889"   LESSON=02

UV ?= uv
runtimes = helpers/runtimes
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--annotation-style line --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
# On the PATH as well, so that a notebook's `!saved_model_cli ...` and `!python ...` are those of .venv.
# What Python compiles is kept, whatever the system has set: every kernel and reader imports the helpers.
run = PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONDONTWRITEBYTECODE= .venv/bin/python -m

.PHONY: help env runtimes lab test notebooks lint bench bench-serving canary new-lesson reset lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

env: ## make .venv and install what requirements.lock names (the others do it first)
	@sh helpers/setup/env.sh

runtimes: env ## install what lesson 08 needs beyond that, in .runtimes (needs npm; 0.3 GB)
	@sh helpers/setup/runtimes.sh

lab: env ## open the course in JupyterLab
	@$(run) jupyterlab --ServerApp.root_dir="$(CURDIR)" notebooks/00_start_here.ipynb $(LAB_ARGS)

test: lint ## prove everything: lint, tests, every notebook's stored outputs
	@$(run) pytest

notebooks: env ## derive the notebooks from solutions/*.py (LESSON=02: only that one)
	@$(run) helpers.notebooks $(LESSON)

lint: env ## check style and format of the code and of the lesson sources
	@$(run) ruff check .
	@$(run) ruff format --check .
	@$(run) pyrefly check --output-format min-text --summary=none
	@$(run) tests.support.signatures
	@$(run) tests.support.language

bench: env ## measure the course's promises about time and memory
	@$(run) tests.bench

bench-serving: env ## measure the model server beside two others (installs them: 4 GB in .bench)
	@$(run) tests.bench.serving

canary: env ## what changes on the newest TensorFlow and Keras (TENSORFLOW=2.20.0 KERAS=3.12.0: on these)
	@$(run) tests.newest_versions --tensorflow="$(TENSORFLOW)" --keras="$(KERAS)"

new-lesson: ## write a small lesson that passes every test: make new-lesson NAME=12_name
	@test -n "$(NAME)" || { echo "Which name? For example: make new-lesson NAME=12_transfer_learning" >&2; exit 1; }
	@$(MAKE) --no-print-directory env
	@$(run) helpers.new_lesson "$(NAME)"

reset: ## get a lesson fresh again and keep your copy: make reset LESSON=02
	@test -n "$(LESSON)" || { echo "Which lesson? For example: make reset LESSON=02" >&2; exit 1; }
	@$(MAKE) --no-print-directory env
	@$(run) helpers.notebooks --reset $(LESSON)

lock: ## derive the locks from pyproject.toml and package.json (needs uv, npm; UPGRADE=1 takes the newest)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=/path/to/uv" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "make lock needs npm: install it and run make lock again" >&2; exit 1; }
	$(compile) --all-extras --output-file requirements.lock pyproject.toml
	@# The versions that the course's own lock has, without its wheel that is only a name: uv takes no path there.
	sed -n 's/^\([a-z0-9-]*==[^\]*\).*/\1/p' requirements.lock | $(compile) --group pyproject.toml:runtimes \
		--constraint - --output-file $(runtimes)/requirements.lock
	cd $(runtimes) && npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts \
		--omit-lockfile-registry-resolved --no-audit --no-fund
