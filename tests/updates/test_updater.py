"""`diemcau updater` as its timer calls it: which release is taken from an address, and when."""

import json
import time
from math import inf
from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE, RELEASE_FILE, UPDATE_FILE
from appliance.core.decision import Phase
from appliance.core.rescue import NOT_PASSED
from appliance.wire.facts import EndpointFacts, UpdateFacts
from services.updates.release_address import AddressError, offered
from services.updates.slot_confirmed import RESCUE
from services.updates.updater_command import AGAIN_S, Places, look
from tests.provisioning.site_files import site

URL = "https://hop.gialai.example/moi.raucb"
CA = "/etc/diemcau/ca.pem"
RUNNING, NEWER = "0.1.0+202611280000", "0.2.0+202612010000"


def told_by_rauc(version: str) -> str:
    """As busctl prints what RAUC's InspectBundle gives; of the shape that RAUC 1.13's has."""
    words = {"version": version, "compatible": "diemcau-arm64"}
    update = {key: {"type": "s", "data": value} for key, value in words.items()}
    image = {"filename": {"type": "s", "data": "system.img"}}
    told = {
        "update": {"type": "v", "data": {"type": "a{sv}", "data": update}},
        "images": {"type": "v", "data": {"type": "aa{sv}", "data": [image]}},
    }
    return json.dumps({"type": "a{sv}", "data": [told]})


class Box:
    """A box whose slot is good, in a phase, with programs that note how they were called."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.places = Places(folder / "run", folder / "data", folder / "root")
        self.called = folder / "calls"
        self._programs = folder / "bin"
        for made in ("run", "data/site", "root/etc", "bin"):
            (folder / made).mkdir(parents=True)
        (folder / "root/etc/os-release").write_text(f'IMAGE_VERSION="{RUNNING}"\n')
        self.settings(f'[province]\nreleases = "{URL}"\nca = "{CA}"\n')
        self.program("systemctl", "[ $1 != show ] || echo ActiveState=active; [ $1 != is-active ]")
        self.program("diemcau", "exit 0")
        self.offers(NEWER)
        self.phase(Phase.IDLE)
        monkeypatch.setenv("PATH", f"{self._programs}:/usr/bin:/bin")

    def program(self, name: str, does: str) -> None:
        file = self._programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.called}\n{does}\n')
        file.chmod(0o755)

    def settings(self, province: str) -> None:
        text = site().split(b"[secrets]")[0].decode()
        (self.places.data / "site/site.toml").write_text(f"{text}\n{province}")

    def offers(self, version: str) -> None:
        self.program("busctl", f"echo '{told_by_rauc(version)}'")

    def phase(self, phase: Phase) -> None:
        ENDPOINT_FILE.write(self.places.run, EndpointFacts(phase=phase.value), time.time())

    def look(self) -> tuple[str, list[str]]:
        """What it said, and which programs that change something it called."""
        self.called.write_text("")
        said = look(self.places)
        asked = ("busctl", "systemctl show", "systemctl is-active")
        calls = [
            line for line in self.called.read_text().splitlines() if not line.startswith(asked)
        ]
        return said, calls


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def install(box: Box) -> str:
    return f"diemcau update --data {box.places.data} {URL}"


REBOOT = "systemctl --no-block reboot"


def test_a_newer_release_is_installed_and_the_box_restarts(box: Box) -> None:
    assert box.look() == (f"{NEWER} is starting", [install(box), REBOOT])


@pytest.mark.parametrize("version", [RUNNING, "0.1.0+202611270000", "0.0.9+209901010000"])
def test_what_is_no_newer_is_left_alone(box: Box, version: str) -> None:
    box.offers(version)
    assert box.look() == (f"{RUNNING} runs, {version} is to be had", [])


def test_what_the_running_slot_says_of_itself_counts(box: Box) -> None:
    """A bundle whose root called itself by another number was installed at each look."""
    facts = UpdateFacts(state="running", release=NEWER, slot="B")
    UPDATE_FILE.write(box.places.run, facts, 0.0)
    assert box.look() == (f"{NEWER} runs, {NEWER} is to be had", [])


def test_a_release_without_a_number_is_said_and_left_alone(box: Box) -> None:
    box.offers("moi-nhat")
    said, calls = box.look()
    assert (calls, "moi-nhat" in said) == ([], True)


def test_without_settings_or_address_nobody_is_asked(box: Box) -> None:
    box.settings("")
    said = "the settings name no address of releases"
    assert box.look() == (said, [])
    (box.places.data / "site/site.toml").unlink()
    assert box.look() == (said, [])
    assert "busctl" not in box.called.read_text()


def test_beside_a_slot_that_may_fall_back_nothing_is_installed(box: Box) -> None:
    box.program("systemctl", "echo ActiveState=activating")
    assert box.look() == ("it is not known yet whether the release that runs stays", [])


@pytest.mark.parametrize("phase", [Phase.UPCOMING, Phase.IN_MEETING])
def test_a_meeting_goes_first_and_the_next_look_installs(box: Box, phase: Phase) -> None:
    box.phase(phase)
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is not installed now: ")
    assert calls == []
    box.phase(Phase.IDLE)
    assert box.look()[1] == [install(box), REBOOT]


def test_a_meeting_that_came_meanwhile_is_not_cut_and_nothing_is_installed_twice(box: Box) -> None:
    facts = '{"at": 9e12, "phase": "upcoming"}'
    box.program("diemcau", f"echo '{facts}' > {box.places.run}/endpoint.json")
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is installed and not started now: a meeting begins")
    assert calls == [install(box)]
    box.phase(Phase.IDLE)
    assert box.look() == (f"{NEWER} is starting", [REBOOT])


def test_what_failed_twice_waits_for_hours_and_a_newer_one_does_not(box: Box) -> None:
    box.program("diemcau", "exit 1")
    said, calls = box.look()
    assert said == f"{NEWER} was not installed; `diemcau slots show` says why"
    assert calls == [install(box)]
    assert box.look()[1] == [install(box)], "a line may break once"
    for failures in (2, 3, 4):
        assert box.look()[1] == []
        tried = RELEASE_FILE.read(box.places.run, time.time(), inf)
        assert tried is not None
        assert tried.failures == failures
        RELEASE_FILE.write(box.places.run, tried, time.time() - AGAIN_S[min(failures, 3) - 1] - 1)
        assert box.look()[1] == [install(box)]
    box.offers("0.3.0+202612020000")
    assert box.look()[1] == [install(box)]


def test_what_did_not_stay_here_is_not_tried_again(box: Box) -> None:
    facts = UpdateFacts(state="fell-back", wanted=NEWER, detail=f"{NOT_PASSED}: no agenda")
    UPDATE_FILE.write(box.places.run, facts, 0.0)
    assert box.look() == (f"{NEWER} was tried here and did not stay", [])


def test_in_rescue_no_meeting_is_asked_for(box: Box) -> None:
    (box.places.root / RESCUE).parent.mkdir(parents=True)
    (box.places.root / RESCUE).write_text("7")
    box.program("systemctl", "echo ActiveState=activating")
    box.phase(Phase.UPCOMING)
    assert box.look()[1] == [install(box)]


def test_rauc_is_asked_with_the_provinces_authority(box: Box) -> None:
    assert offered(URL, CA) == NEWER
    assert f"InspectBundle sa{{sv}} {URL} 1 tls-ca s {CA}" in box.called.read_text()
    assert offered(URL, "") == NEWER
    assert box.called.read_text().endswith(f"InspectBundle sa{{sv}} {URL} 0\n")


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("echo 'Call failed: signature verification failed' >&2; exit 1", "signature"),
        ("exit 1", "RAUC said nothing"),
        ("echo nonsense", "tells no version: nonsense"),
        ("echo '{}'", "tells no version: {}"),
    ],
)
def test_where_rauc_vouches_for_nothing_its_reason_is_said(
    box: Box, does: str, reason: str
) -> None:
    box.program("busctl", does)
    with pytest.raises(AddressError, match=reason):
        offered(URL, CA)
    said, calls = box.look()
    assert said.startswith(f"{URL}: ")
    assert (reason in said, calls) == (True, [])
