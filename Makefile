# Everything on a fresh machine with Python 3.11 or newer: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data

.PHONY: demo test lint docs bench clean

$(BIN)/radnlp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(BIN)/radnlp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

demo: $(BIN)/radnlp ## analyse the bundled simulated study and show the result
	$(BIN)/radnlp demo -o radnlp-demo

lint: $(VENV)/.dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## everything CI checks: lint, tests, docs build
	$(BIN)/pytest
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs: $(VENV)/.dev ## write the generated pages and serve the site on this machine
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

bench: $(VENV)/.dev ## measure, and write the model cards; needs the data folder named by DATA
	$(BIN)/python benchmarks/hard_set.py --results
	$(BIN)/python benchmarks/text_quality.py --data $(DATA)/openi_dev --results
	$(BIN)/python benchmarks/text_speed.py --data $(DATA)/openi_dev
	$(BIN)/python benchmarks/peers.py --data $(DATA)/openi_dev --results
	$(BIN)/python benchmarks/tagger.py --results
	$(BIN)/python benchmarks/meaning.py --results
	$(BIN)/python benchmarks/robustness.py
	$(BIN)/python benchmarks/vision_speed.py
	$(BIN)/python benchmarks/links_speed.py
	$(BIN)/python benchmarks/vision_quality.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/probes.py --data $(DATA)/cxr --cache .cache/probes
	$(BIN)/python benchmarks/anatomy_card.py
	$(BIN)/python benchmarks/outlines.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/outlines.py --data $(DATA)/cxr --part dev
	$(BIN)/python benchmarks/outlines.py --data $(DATA)/cxr --part jsrt
	$(BIN)/python benchmarks/preparation.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/boxes.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/zones.py --data $(DATA)/cxr --phantoms 60
	$(BIN)/python benchmarks/ribs.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/grounding.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/left_out.py --data $(DATA)/cxr --dev --results
	$(BIN)/python benchmarks/writer.py --data $(DATA)/cxr --results
	$(BIN)/python benchmarks/drafts.py --data $(DATA)/cxr
	$(BIN)/python benchmarks/guards.py --data $(DATA)/cxr --dicom $(DATA)/dicom_good $(DATA)/dicom_odd --most 60 --drawn 60
	$(BIN)/python benchmarks/conflicts.py --cxr $(DATA)/cxr --openi $(DATA)/openi_dev
	$(BIN)/python benchmarks/side_rules.py --cxr $(DATA)/cxr --train .cache/side_rules --folds .cache/side_rules
	$(BIN)/python benchmarks/model_card.py
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) radnlp-demo site .mypy_cache .ruff_cache .pytest_cache .hypothesis
