# Every target may be called twice; what is already there is not made again.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MACHINE := tests/image/machine

.PHONY: help setup demo guide unit check test calls bench load load-dialers tv-guest fuzz soak image bring-up-card image-test image-cuts image-replay image-again image-start kernels bundle lock messages peers clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(VENV)/ready  ## install everything: system packages, Python packages from the lock

$(VENV)/ready: requirements-dev.lock packages.txt pyproject.toml image/setup package-lock.json
	./image/setup $(PYTHON) $(VENV)
	@touch $@

demo: setup  ## one evening at a commune, on this machine
	$(BIN)/diemcau demo

guide: setup  ## the field guide (Vietnamese) as HTML and as A4 paper, in build/guide
	$(BIN)/python -m services.guide docs/huong-dan build/guide

unit: setup  ## the pure tests alone, in seconds: the loop while one works
	$(BIN)/python -m pytest --unit

check: setup peers  ## all tests but those of the image in its emulator, groups of them side by side
	$(BIN)/python -m tests.side_by_side check --durations=10

test: check image  ## all that CI runs: the above, then starts of the images and five power cuts
	$(BIN)/python -m tests.side_by_side image --durations=10

calls: setup peers  ## calls of 20 s to Asterisk in every way, and of minutes with refreshed sessions
	$(BIN)/python -m pytest -s tests/dialers/sip/calls/long_calls.py

peers: setup  ## the far ends of the tests that no package brings
	./tests/peers/setup
	./tests/peers/setup --apart

bench: setup peers  ## measure one whole call beside Chromium's; writes build/bench.json
	$(BIN)/python -m tests.benchmark
	$(BIN)/python -m tests.benchmark.sip_call
	$(BIN)/python -m tests.benchmark.loss

fuzz: setup  ## half an hour of hostile input: SIP and media by coverage, whole programs by seed
	./tests/fuzz/setup $(BIN)/python
	$(CURDIR)/build/fuzz/venv/bin/python -m tests.fuzz
	$(BIN)/python -m tests.fuzz.endpoint --seconds 360
	$(BIN)/python -m tests.fuzz.cameras --seconds 60
	$(BIN)/python -m tests.fuzz.province --seconds 240

soak: setup peers  ## 100 SIP calls one after another, then 30 minutes of one: nothing left, memory flat
	$(BIN)/python -m tests.soak

image: setup  ## the disk images of both boards, in build/image
	./image/build

bundle: image  ## an update that RAUC installs, signed by this machine's development key
	./image/bundle

bring-up-card: image  ## cards that try a real board out, told by the TV; docs/bring-up.md
	./image/bring-up

image-test: image  ## the image in an emulator: starts, updates, sticks, odd starts, cuts (an hour)
	$(BIN)/python -m pytest -v tests/image

image-cuts: image  ## pull the power at ROUNDS moments (200) of SEED; goes on where it was ended
	$(BIN)/python -m tests.image.machine.power_cuts.cuts $(or $(ROUNDS),200) $(or $(SEED),1)

image-replay: image  ## the plug pulled after every single write of one recorded run and of renewals of the boot files
	$(BIN)/python -m tests.image.machine.power_cuts.replay
	$(BIN)/python -m tests.boot_partition.replay

image-again: image  ## build the image a second time and compare: not one byte may differ
	./image/again

image-start: image  ## how long a start takes, beside a plain Debian's of the same kernel
	$(BIN)/python -m pytest $(MACHINE)/test_start.py
	$(BIN)/python -m tests.image.machine.plain_start

kernels: setup  ## which drivers our boards would lack with the newest kernels of trixie, backports and forky
	./image/kernels

tv-guest: setup  ## the TV's control against the kernel's CEC, in a small x86 guest without KVM (1 min)
	tests/peers/cec/setup
	$(BIN)/python -m pytest -q $(MACHINE)/test_cec.py

load: setup  ## 200 and 2,000 simulated sites, calm and attacked, against the whole province; counts losses (20 min)
	$(BIN)/python -m tests.load

load-dialers: setup peers  ## 45 sites call one real Janus, then one real Asterisk; a third loses its power (15 min)
	$(BIN)/python -m tests.load.dialers

lock:  ## choose the newest allowed versions anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra pi --upgrade -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra province --extra guide --extra dev -c requirements.lock --upgrade -o requirements-dev.lock

messages:  ## gather new texts into the catalogue
	$(BIN)/pybabel -q extract --no-location -F appliance/texts/babel.cfg -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d appliance/texts -D diemcau -l vi

clean:
	rm -rf build $(VENV)
