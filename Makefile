# `make` lists the targets. Everything runs in .venv, which helpers/setup/env.sh keeps equal to the lock.
# Variables: PYTHON=/path/to/python3.12   LAB_ARGS="--no-browser --port 8889"   LESSON=02   OPENVINO=1   ALL=1

UV ?= uv
runtimes = helpers/runtimes
website = docs/website
hub_locks = docs/hub
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--annotation-style line --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
# .venv/bin is first on the PATH, so that `!saved_model_cli` and `!python` in a notebook are those of .venv.
# Python stores compiled files even if the system forbids it, because every kernel and reader imports the helpers.
run = PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONDONTWRITEBYTECODE= .venv/bin/python -m
site = PATH="$(CURDIR)/.site/venv/bin:$$PATH" PYTHONDONTWRITEBYTECODE= .site/venv/bin/python -m

.PHONY: help env runtimes lab test notebooks lint site bench bench-serving newest matrix links new-lesson \
	reset handout solutions-handout bundle slides hub lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile

env: ## make .venv and install the packages of requirements.lock (the other targets start with this)
	@sh helpers/setup/env.sh

runtimes: env ## install the other runtimes of lesson 10 in .runtimes (needs npm; 0.3 GB; OPENVINO=1: with OpenVINO)
	@OPENVINO="$(OPENVINO)" sh helpers/setup/runtimes.sh

lab: env ## open the course in JupyterLab
	@$(run) helpers.jupyter --ServerApp.root_dir="$(CURDIR)" notebooks/00_start_here.ipynb $(LAB_ARGS)

test: lint ## run the lint, the tests, and every notebook against its stored outputs (ALL=1: every case, half an hour)
	@$(run) pytest $(if $(ALL),--all)

notebooks: env ## derive the notebooks from solutions/*.py (LESSON=02: of one lesson)
	@$(run) helpers.notebooks $(LESSON)

lint: env ## check the style and format of the code and of the lesson sources
	@$(run) ruff check .
	@$(run) ruff format --check .
	@$(run) pyrefly check --output-format min-text --summary=none
	@$(run) tests.support.signatures
	@$(run) tests.support.language
	@$(run) codespell_lib

site: env ## build the website in .site/html (needs npm; 0.2 GB the first time)
	@sh helpers/setup/site.sh
	@$(site) helpers.website

bench: env ## measure what the course promises (WRITE=1: also write docs/what_is_proved.md; SECTIONS="calls memory")
	@$(run) tests.bench $(SECTIONS) $(if $(WRITE),--write)

bench-serving: env ## compare the model server with two others (installs them: 4 GB in .bench)
	@$(run) tests.bench.serving

newest: env ## report what changes on the newest TensorFlow and Keras (or: TENSORFLOW=2.20.0 KERAS=3.12.0)
	@$(run) tests.newest_versions --tensorflow="$(TENSORFLOW)" --keras="$(KERAS)"

matrix: env ## write which reader keeps the promise of which export (VERSIONS="2.20.0/3.12.0 newest/pinned")
	@$(run) tests.promise_matrix --versions="$(VERSIONS)" $(if $(OUTPUT),--output="$(OUTPUT)") $(NAMES)

links: env ## ask for every page that the course links to (needs the internet)
	@$(run) tests.support.links

new-lesson: ## write a small lesson that passes every test: make new-lesson NAME=13_name
	@test -n "$(NAME)" || { echo "Which name? For example: make new-lesson NAME=13_transfer_learning" >&2; exit 1; }
	@$(MAKE) --no-print-directory env
	@$(run) helpers.new_lesson "$(NAME)"

reset: ## start a lesson again and keep your copy: make reset LESSON=02
	@test -n "$(LESSON)" || { echo "Which lesson? For example: make reset LESSON=02" >&2; exit 1; }
	@$(MAKE) --no-print-directory env
	@$(run) helpers.notebooks --reset $(LESSON)

handout: env ## write the course for learners, without solutions and tests, to dist/exporting-models.zip
	@$(run) helpers.teaching.handout

solutions-handout: env ## write the solutions, to hand them out later, to dist/exporting-models-solutions.zip
	@$(run) helpers.teaching.handout --solutions

bundle: site ## write one folder that needs no internet, for this system, to dist/bundle (0.9 GB; or: BUNDLE=/path)
	@$(run) helpers.teaching.bundle $(if $(BUNDLE),"$(BUNDLE)")

slides: env ## write slides of the lessons to dist/slides (needs npm; LESSON=02: of one lesson)
	@ONLY_NPM=1 sh helpers/setup/site.sh
	@$(run) helpers.teaching.slides $(LESSON)

hub: env ## install JupyterHub for a class in .hub, see docs/hub.md (needs npm; 0.2 GB)
	@sh helpers/setup/hub.sh

lock: ## derive the locks from pyproject.toml and package.json (needs uv and npm; UPGRADE=1: newest versions)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=/path/to/uv" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "make lock needs npm: install it and run make lock again" >&2; exit 1; }
	$(compile) --all-extras --output-file requirements.lock pyproject.toml
	@# The constraints are the versions of the course's own lock. uv accepts no path among them, so our wheel is left out.
	for group in runtimes:$(runtimes)/requirements openvino:$(runtimes)/openvino site:$(website)/requirements \
		hub:$(hub_locks)/requirements; do \
		sed -n 's/^\([a-z0-9-]*==[^\]*\).*/\1/p' requirements.lock | $(compile) \
			--group pyproject.toml:$${group%:*} --constraint - \
			--output-file $${group#*:}.lock || exit 1; done
	for folder in $(runtimes) $(website) $(hub_locks); do \
		(cd $$folder && npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts \
			--omit-lockfile-registry-resolved --no-audit --no-fund) || exit 1; done
