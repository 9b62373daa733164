# make demo: install and run the example campaign. make test: install and run the tests. Both need only Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?=

export OMP_NUM_THREADS := 1

.PHONY: demo test slow gpaw abinit core mutants coverage endurance peers lint types check docs wheel clean help

help:
	@echo "make demo   install what the demo needs and run examples/na-o3-quick.yaml"
	@echo "make test   install what the tests need and run all that are not slow"
	@echo "make slow   run the slow tests"
	@echo "make gpaw   run the tests of GPAW, which must be there (Debian: apt install gpaw gpaw-data)"
	@echo "make abinit run the tests of ABINIT, which must be there (Debian: apt install abinit gpaw-data)"
	@echo "make core PYTHON=python3.13   the tests that need no torch under another Python, in a venv of its own"
	@echo "make lint types   ruff and import contract; mypy"
	@echo "make mutants      change one line at a time: does a test notice?"
	@echo "make coverage     the fast tests with the lines and branches that they reach"
	@echo "make docs         write the documentation as a site to build/site; a link that leads nowhere is an error"
	@echo "make peers        tests that maggma and jobflow bring, on our store and launcher"
	@echo "make endurance    everything that takes hours: all mutants, settings, minima, more examples"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt torch
	$(PIP) install --quiet --constraint constraints.txt --editable ".[mlip,report]"
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) install --quiet --constraint constraints.txt --editable ".[mlip,sevennet,atomate2,report,cluster,phonons,materials-project,abinit,docs,dev]"
	@touch $@

demo: $(VENV)/.demo
	$(BIN)/hebe run examples/na-o3-quick.yaml $(if $(WORKERS),--workers $(WORKERS))
	@mkdir -p demo
	$(BIN)/hebe report examples/na-o3-quick.yaml -o demo/report.html

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow and not gpaw and not abinit" --numprocesses 2 --dist worksteal --durations 10

slow: $(VENV)/.test
	$(BIN)/python -m pytest -m "slow and not slurm and not gpaw and not abinit" --numprocesses 2 --dist worksteal --durations 10
	$(BIN)/python -m pytest -m slurm --numprocesses 2 --dist worksteal --durations 10

gpaw: $(VENV)/.test
	HEBE_TEST_CI=1 $(BIN)/python -m pytest -m gpaw --numprocesses 2 --dist worksteal --durations 10

abinit: $(VENV)/.test
	HEBE_TEST_CI=1 $(BIN)/python -m pytest -m abinit --numprocesses 2 --dist worksteal --durations 10

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.test
	$(BIN)/python tests/support/check_types.py

check: lint types test

# The classifiers promise Python 3.11 to 3.13: the part that needs no torch, with any of them, e.g. make core PYTHON=python3.13
CORE = .venv-$(shell $(PYTHON) -c 'import sys; print("{}.{}".format(*sys.version_info))')
CORE_TESTS := tests/config tests/analyses tests/science/chemistry tests/science/hulls tests/science/electrodes tests/science/choosing tests/science/test_keys.py tests/stores/test_sqlite.py tests/stores/test_cache.py

core:
	test -x $(CORE)/bin/python || $(PYTHON) -m venv $(CORE)
	$(CORE)/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt --editable . pytest pytest-xdist hypothesis
	env -u HEBE_TEST_CI $(CORE)/bin/python -m pytest -m "not slow and not gpaw and not abinit" --numprocesses 2 --durations 5 $(CORE_TESTS)

mutants: $(VENV)/.test
	$(BIN)/python tests/support/mutants.py

coverage: $(VENV)/.test
	$(BIN)/python -m pytest -m "not slow and not gpaw and not abinit" --numprocesses 2 --cov --cov-report term:skip-covered --cov-report json:coverage.json

# Hours. Results go to .endurance; what is complete there is not run again, so that a run which was stopped goes on.
endurance: $(VENV)/.test
	$(BIN)/python tests/support/mutants.py --all
	$(BIN)/python -m pytest -m "not slow and not gpaw and not abinit" --numprocesses 2 --hypothesis-profile endurance
	STRIKES=30 $(BIN)/python -m pytest tests/launchers/test_strikes.py
	SETTINGS_FUZZ=10000 $(BIN)/python -m pytest tests/config/test_settings_fuzz.py
	HEBE_TEST_SPACES=500 $(BIN)/python -m pytest tests/science/chemistry/test_counting.py
	CIF_FUZZ_FILES=10000 $(BIN)/python -m pytest tests/science/crystals/test_cif_fuzz.py
	HOST_FUZZ=30 $(BIN)/python -m pytest tests/flows/test_accepted_hosts.py
	VASP_FUZZ_FOLDERS=10000 $(BIN)/python -m pytest --numprocesses 2 tests/engines/vasp/test_folder_fuzz.py
	mkdir -p .endurance
	$(BIN)/python benchmarks/settings.py examples/na-o3-quick.yaml --folder .endurance/settings
	for part in repeat curve starts table; do $(BIN)/python benchmarks/minima.py $$part .endurance/minima.json || exit 1; done
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/mixing_cells.py .endurance/mixing

# Sources of both are downloaded into .peers; jobflow's tests are in its repository alone.
peers: $(VENV)/.test
	$(BIN)/python benchmarks/peers.py --folder .peers

docs: $(VENV)/.test
	$(BIN)/python -m sphinx -b html -W --keep-going -q docs build/site

wheel: $(VENV)/.test
	rm -rf dist
	$(BIN)/python -m build --outdir dist

clean:
	rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage coverage.json demo
