# Every target may be called twice; what is already there is not made again.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help setup demo test test-sip bench load lock messages peers clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/ready  ## install everything: system packages, Python packages from the lock

$(VENV)/ready: requirements-dev.lock packages.txt pyproject.toml image/setup package-lock.json
	./image/setup $(PYTHON) $(VENV)
	@touch $@

demo: setup  ## one evening at a commune, on this machine
	$(BIN)/diemcau demo

# SIP is being built: its calls in real time, beside Asterisk and baresip, are not yet proven to pass
# on every machine, so they have a target of their own until they are.
SIP_CALLS := asterisk baresip dialer_asterisk media_session media_session_way

test: setup peers  ## all that CI runs
	$(BIN)/python -m pytest $(SIP_CALLS:%=--ignore=tests/dialers/sip/test_%.py)

test-sip: setup peers  ## SIP against Asterisk, baresip and itself, in real time
	$(BIN)/python -m pytest tests/dialers/sip

peers: setup  ## the far ends of the tests that no package brings
	./tests/peers/setup
	./tests/peers/setup --apart

bench: setup peers  ## measure one whole call beside Chromium's; writes build/bench.json
	$(BIN)/python -m tests.bench

load: setup  ## 200 and 2,000 simulated sites against one broker and one ingest; counts what is lost
	$(BIN)/python -m tests.load

lock:  ## choose the newest allowed versions anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra pi --upgrade -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra province --extra dev -c requirements.lock --upgrade -o requirements-dev.lock

messages:  ## gather new texts into the catalogue
	$(BIN)/pybabel -q extract --no-location -F appliance/texts/babel.cfg -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d appliance/texts -D diemcau -l vi

clean:
	rm -rf build $(VENV)
