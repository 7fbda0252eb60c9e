# Each target works in a bare clone with only python3, pip and make (bench needs a folder too): it makes .venv and installs what
# it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test browser lint messages bench sizes faults fuzz clean

demo: $(READY)
	$(BIN)/warmstart demo

# Two workers of one thread each do more on two cores than one worker of two threads. Files are taken in their own order: by
# default those of few tests come last, which are the long ones, and one worker waits for the other.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 12

# The report in a real browser. It needs Debian's Chromium; where that is not, `make test` skips these tests.
browser: $(READY)
	command -v chromium >/dev/null && command -v chromedriver >/dev/null || (apt-get update && apt-get install --yes chromium chromium-driver)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/reporting/test_browser.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive src --configfile pyproject.toml
	$(BIN)/python -m pip check --quiet --disable-pip-version-check
	$(BIN)/python -m tests.pins

# After messages were added or changed: the catalogue of translations, as source and compiled. It lists what to translate.
messages: $(READY)
	$(BIN)/python -m tests.messages

# A folder with GLUE's parquet files. Let nothing else run meanwhile: about two hours on two cores, and ten more for accuracies
# that are not in benchmarks/results (seeds that are there are not run again).
GLUE ?= ../shared/data/glue

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python -m benchmarks.startup --data $(GLUE):mrpc
	$(BIN)/python -m benchmarks.speed --data $(GLUE):mrpc
	$(BIN)/python -m benchmarks.evaluation --data $(GLUE):mrpc
	$(BIN)/python -m benchmarks.noise --data $(GLUE):mrpc
	$(BIN)/python -m benchmarks.techniques
	$(BIN)/python -m benchmarks.steps --lengths 16 32 64 128
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.accuracy --data $(GLUE):mrpc
	$(BIN)/python -m benchmarks.accuracy --data $(GLUE):mrpc --who each --seeds 1
	$(BIN)/python -m benchmarks.accuracy --data $(GLUE):sst2 --rows 4000
	$(BIN)/python -m benchmarks.calibration --data $(GLUE):mrpc $(GLUE):sst2
	$(BIN)/python -m benchmarks.error_budget runs/benchmarks/mrpc runs/benchmarks/sst2

# Tables of 5,000 columns, with a cell of 50 MB, with 3,000 classes: seconds and memory against their bounds. A few minutes.
sizes: $(READY)
	$(BIN)/python -m benchmarks.sizes

# Every disk operation of a run fails once, in three ways; the real command is killed 150 times. An hour on two cores.
faults: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.sweep --part 1 --of 2 & first=$$!; \
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.sweep --part 2 --of 2 && wait $$first
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.kills --runs 25 --seed 0 & first=$$!; \
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.kills --runs 25 --seed 1 && wait $$first

# Broken tables, recipes, caches and model folders: only success or a UserError. One core.
fuzz: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --minutes 20

clean:
	rm -rf $(VENV)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	touch $(READY)
