# make demo   plan the example host, with its why and a drawing
# make test   the suite, and whether it covers 97 % of the code and its branches (coverage html shows the rest)
# make test-service  the tests of `mgmtnet serve`, and of its page where Chromium (Debian's package chromium) is
# make check  format, lint, types, layers
# make lab    a real kernel: build the lab (User-Mode Linux) and run its tests in it
# make kill-matrix   the executor killed at every step, changes kept and undone, every fault; into docs/reliability.md
# make rollout-matrix  500 hosts, faults, workers killed and stopped, the database restarted; into docs; HOSTS=30: fewer
# make scale  rollouts over up to 100,000 hosts under virtual time, into docs/scale.md; MEASURE=1: what the model is given, too
# make explore  every order of two faults and two kills of a run; SEED=7 DEPTH=6: random ones, deeper
# make prove    that the shipped rules keep their invariants on every host; prove-long: what proofs take for granted, at length
# make attack   hostile inputs and random kills, into docs/reliability.md; SEED=7 TRIES=200 ONLY=rules: others, fewer, one
# make mutate-rules  terms of rules dropped and turned, and whether a golden notices, into docs/mutation.md
# make mutate-code   slips in the code that plans, and whether a test notices, into docs/mutation-code.md; SAMPLE=500 SEED=7
# make pages  what README and docs show to be typed, with what it prints now: look at the difference
# make site   README and docs as a site, in build/site; every link checked
# make page   the workbench at / of `mgmtnet serve`, bundled from page/ into planner/service/page/; needs node and npm
# make bench  speed as ratios; make soak: the long differential test; make docs, make schemas: what is generated

PYTHON ?= python3
BIN := .venv/bin
EXAMPLE := golden/seed-vlan-over-bond
SEEN := $(EXAMPLE)/capture.json --network $(EXAMPLE)/definition.yaml --address 192.0.2.10

# durable_rules 2.0.28 calls a function that Python 3.13 removed; its setup overwrites CFLAGS, so the cure goes through CC.
CURE := -DPyEval_CallObject=PyObject_CallObject

# The rules as a start-up of this version loads them.
RULES := rules/ovirtmgmt/1.0
COMPILED := $(RULES)/compiled.jsonl

.PHONY: demo test test-service check prove prove-long lab lab-over-the-wire lab-on-the-host bench kill-matrix rollout-matrix scale explore attack mutate-rules mutate-code soak docs pages page site schemas clean

demo: .venv/run $(COMPILED)
	@$(BIN)/mgmtnet plan $(SEEN)
	@echo; echo "mgmtnet why ... vlan"; $(BIN)/mgmtnet why $(SEEN) vlan
	@echo; echo "mgmtnet draw ..."; $(BIN)/mgmtnet draw $(SEEN)
	@echo; echo "The command is $(BIN)/mgmtnet; README tells how to install it."

test: .venv/test $(COMPILED)
	$(BIN)/python -m pytest -q -n 4 --dist loadfile --cov --cov-report= --ignore=tests/service --ignore=tests/page

# Whole processes that ask whole processes: to measure what they cover took as long as all the rest.
test-service: .venv/test $(COMPILED)
	$(BIN)/python -m pytest -q -n 3 --dist loadfile tests/service tests/page

check: .venv/check
	$(BIN)/ruff format --check planner lab tests bench packaging/ansible packaging/site
	$(BIN)/ruff check planner lab tests bench packaging/ansible packaging/site
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two kernels beside each other, each with one CPU: half of the time on two cores.
OVER_THE_WIRE := tests/lab/test_lab_apply.py tests/lab/test_lab_reboot.py tests/lab/test_lab_wire.py
lab: .venv/test $(COMPILED)
	lab/setup.sh
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lab-over-the-wire lab-on-the-host

lab-over-the-wire:
	LAB_REQUIRED=1 $(BIN)/python -m pytest -q $(OVER_THE_WIRE)

lab-on-the-host:
	LAB_REQUIRED=1 $(BIN)/python -m pytest -q tests/lab $(OVER_THE_WIRE:%=--ignore=%)

bench: .venv/bench $(COMPILED)
	@$(BIN)/python -m compileall -q planner  # as .venv/run does: an edited module must not be compiled at each start
	$(BIN)/python bench/run.py

kill-matrix: .venv/test $(COMPILED)
	$(BIN)/python bench/kill_matrix.py
	$(BIN)/python bench/kept_matrix.py

rollout-matrix: .venv/test $(COMPILED)
	$(BIN)/python bench/rollout.py $(if $(HOSTS),--hosts $(HOSTS)) $(if $(SEED),--seed $(SEED))

scale: .venv/test
	$(BIN)/python bench/scale.py $(if $(MEASURE),--measure) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(HOSTS),--hosts $(HOSTS))

explore: .venv/test
	$(BIN)/python bench/explore.py $(if $(SEED),--seed $(SEED)) $(if $(DEPTH),--depth $(DEPTH))

attack: .venv/test
	$(BIN)/python bench/attack.py $(if $(SEED),--seed $(SEED)) $(if $(TRIES),--tries $(TRIES)) $(if $(ONLY),--only $(ONLY))

mutate-rules: .venv/test
	@$(BIN)/mgmtnet rules mutate --reasons docs/mutation.yaml --page docs/mutation.md

mutate-code: .venv/mutate $(COMPILED)
	$(BIN)/python bench/mutate_code.py $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

prove: .venv/test $(COMPILED)
	$(BIN)/mgmtnet rules prove --jobs 2
	$(BIN)/mgmtnet rules check --strict --hosts golden

prove-long: .venv/test $(COMPILED)
	$(BIN)/mgmtnet rules prove --carried --jobs 2  # what each refusal is needed for
	$(BIN)/python -m pytest -q tests/proof/test_axioms.py tests/proof/test_encoding.py --soak 50000
	$(BIN)/python -m pytest -q tests/proof/test_proofs.py -k encoding --soak 1000  # on every golden
	$(BIN)/python -m pytest -q tests/proof/test_anomalies.py --soak 10000  # 100 faults planted of each kind

soak: .venv/test
	$(BIN)/python -m pytest -q tests/engine --soak 20000

docs: .venv/run
	rm -rf docs/rules docs/codes  # pages of what is no more
	$(BIN)/mgmtnet rules doc --pages docs > docs/rules.md
	$(BIN)/mgmtnet rules fields -o markdown > docs/fields.md
	$(BIN)/python bench/api.py > docs/api.md

pages: .venv/test
	$(BIN)/python -m pytest -q tests/pages/test_pages.py --update-pages

page:
	cd page && npm ci --no-audit --no-fund --loglevel=error && npx --no-install tsc --project . && node build.mjs

site: .venv/test
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --config-file packaging/site/mkdocs.yml
	@echo "build/site/index.html; to search in it: $(BIN)/python -m http.server --directory build/site"

schemas: .venv/run
	$(BIN)/python -m planner.rules.schema schemas

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mgmtnet needs Python 3.11 or later: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv > /dev/null || { rm -rf .venv; echo "no virtual environment: install the package python3-venv"; exit 1; }

.venv/engine: .venv/bin/python
	@$(BIN)/python -c 'import durable_rules_engine' 2>/dev/null \
	  || echo '#include <Python.h>' | $${CC:-gcc} -I"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" -fsyntax-only -xc - 2>/dev/null \
	  || { echo "durable_rules is compiled when it is installed: install a C compiler and Python's headers (Debian: gcc libc6-dev python3-dev)"; exit 1; }
	@$(BIN)/python -c 'import durable_rules_engine' 2>/dev/null \
	  || CC="$${CC:-gcc} $(CURE)" $(BIN)/pip install --quiet --disable-pip-version-check --use-pep517 durable_rules==2.0.28
	@touch $@

.venv/run: pyproject.toml .venv/engine
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q planner  # where PYTHONDONTWRITEBYTECODE is set, each start would compile anew
	@touch $@

$(COMPILED): .venv/run $(wildcard $(RULES)/*.yaml $(RULES)/*/*.yaml planner/rules/*.py planner/engine/*.py)
	@$(BIN)/python -c 'from planner.rules.shelf import make_forms; make_forms()'

.venv/test: pyproject.toml .venv/run .venv/consumers
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

# What reads `mgmtnet plan -o nmstate` and `-o ansible` in tests: nmstate's own code (its dependencies are a daemon's
# bindings, which that does not need), and oVirt's collection out of the package ansible (which has a hundred others).
# Where they cannot be had, those tests say so and are skipped.
UNPACK := import glob, sys, sysconfig, zipfile; whole = zipfile.ZipFile(glob.glob(sys.argv[1] + "/ansible-*.whl")[0]); \
  whole.extractall(sysconfig.get_path("purelib"), [name for name in whole.namelist() if "/ovirt/ovirt/" in name])
.venv/consumers: .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps nmstate==2.0.0 || echo "nmstate could not be had"
	@folder=$$(mktemp -d) \
	  && $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --dest $$folder 'ansible>=12,<13' \
	  && $(BIN)/python -c '$(UNPACK)' $$folder || echo "oVirt's Ansible collection could not be had"; rm -rf $$folder
	@touch $@

.venv/check: pyproject.toml .venv/test
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,check]'
	@touch $@

.venv/bench: pyproject.toml .venv/test
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,bench]'
	@touch $@

.venv/mutate: pyproject.toml .venv/test
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,mutate]'
	@touch $@
