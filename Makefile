# The only entrance: `make` lists what there is. Everything is set up by itself in .venv; nothing else is touched.
# Needed beforehand: Python 3.10 or newer (another one: make PYTHON=python3.12 …) and this make.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
EXTRAS := plots,film,cluster,keras,train,kaggle,web,magenta,export

# Plain `pip install torch` brings gigabytes of CUDA on Linux. PyTorch's own index has the same release without it;
# for the one with CUDA say `make TORCH_INDEX= …`.
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s)),https://download.pytorch.org/whl/cpu)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-web check format bench bench-quick bench-full race docs figures screenshots gallery notebooks clean

help:  ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: $(READY)  ## only set up .venv

demo: $(READY)  ## paint a first picture into demo/ (the first time several minutes, to set everything up)
	@$(BIN)/python examples/demo.py

test: $(READY)  ## run all tests but the long ones
	@$(BIN)/pytest -m "not long"

test-long: $(READY)  ## run all tests
	@$(BIN)/pytest

test-web: $(READY)  ## drive every page of the web app in a real browser (needs Chromium)
	@$(BIN)/pytest -m web tests/web

check: $(READY)  ## format, lint, types and the direction of imports
	@status=0; \
	echo "format";  $(BIN)/ruff format --check . || status=1; \
	echo "lint";    $(BIN)/ruff check . || status=1; \
	echo "types";   $(BIN)/mypy || status=1; \
	echo "imports"; $(BIN)/lint-imports || status=1; \
	exit $$status

format: $(READY)  ## format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet --exit-zero .
	@$(BIN)/ruff format .

# What needs files that cannot be shipped takes part when they are named: KIT=DIR VGG=FILE JUDGE=FILE MICROAST=DIR CLIPS=DIR.
BENCH = $(BIN)/python benchmarks/report.py run $(NAME) \
  $(if $(KIT),--kit $(KIT)) $(if $(VGG),--vgg $(VGG)) $(if $(JUDGE),--judge $(JUDGE)) $(if $(MICROAST),--microast $(MICROAST)) \
  $(if $(CLIPS),--clips $(CLIPS))

bench: $(READY)  ## measure everything, each REPEAT times, into one report (NAME=scale for one; KIT= VGG= JUDGE= MICROAST= CLIPS=)
	@$(BENCH) --repeat $(or $(REPEAT),1)

bench-quick: $(READY)  ## the same tiny, only to see that it runs
	@$(BENCH) --quick --to runs/bench-quick

# Both networks of the race are VGG-19: the file that VGG names, or else the one that is fetched (80 MB, once).
race: $(READY)  ## race the classic loop at SIZE pixels, by default 256
	@vgg="$(VGG)"; [ -n "$$vgg" ] || vgg=$$($(BIN)/impasto weights fetch vgg19) || exit; \
	$(BIN)/python benchmarks/optimize.py race --vgg "$$vgg" --size $(or $(SIZE),256)

bench-full:  ## the race at 512 px, about forty minutes
	@$(MAKE) --no-print-directory race SIZE=512

docs: $(READY)  ## run every example of README and docs, follow every link, and build the site strictly into site/
	@$(BIN)/pytest tests/test_readme.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

figures: $(READY)  ## make the figures of the documents again (NAME=ratio for one)
	@$(BIN)/python docs/figures.py $(or $(NAME),all)

screenshots: $(READY)  ## photograph the web app for the documents (needs Chromium)
	@$(BIN)/python docs/screenshots.py $(NAME)

gallery: $(READY)  ## make the sheets on which results are judged (NAME=fast for one)
	@$(BIN)/python docs/gallery.py $(NAME)

notebooks: $(READY)  ## run the notebooks' sources and write them anew (NAME=from-scratch for one)
	@$(BIN)/python notebooks/build.py $(NAME)

clean:  ## remove everything that was made here
	@rm -rf .venv demo dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests benchmarks examples docs notebooks -name __pycache__ -prune -exec rm -rf {} +

# A wheel of torch that pip already has at hand is taken first, without asking any index.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
	  { echo "Impasto needs Python 3.10 or newer, and '$(PYTHON)' is none: install one, or say make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make environments: install its venv module (on Debian and Ubuntu: sudo apt install python3-venv)."; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version); the first time takes a few minutes."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@echo "  installing torch (the largest part, about 200 MB)"
	@$(BIN)/pip install --quiet --no-index --no-deps --constraint constraints.txt torch 2>/dev/null || \
	  $(BIN)/pip install --quiet --constraint constraints.txt $(addprefix --extra-index-url ,$(TORCH_INDEX)) torch
	@echo "  installing Impasto and what its tests and checks need"
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]" --group dev
	@touch $@
