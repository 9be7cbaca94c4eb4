"""`diemcau updater` as its timer calls it: which release is taken from an address, and when."""

import json
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from appliance.base.fact_file import ENDPOINT_FILE, RELEASE_FILE, UPDATE_FILE
from appliance.base.paths import Paths
from appliance.core.decision import Phase
from appliance.core.maintenance_window import NO_CLOCK
from appliance.core.rescue import NOT_PASSED
from appliance.wire.facts import EndpointFacts, MeetingTime, UpdateFacts
from services.slots.record import read_record
from services.updates.bundle_size import BLOCK_BYTES, MAX_BUNDLE_BYTES
from services.updates.over_budget import RETRY_S as OVER_BUDGET_RETRY_S
from services.updates.release_address import AddressError, PublishedRelease, release_at
from services.updates.slot_confirmed import RESCUE_FLAG
from services.updates.tools.updater_command import OVER_BUDGET, RETRY_S, look
from services.updates.window import Window
from tests.provisioning.site_files import site
from tests.updates.inspected_bundle import SIZE, VERITY_SIZE, told_by_rauc
from tests.updates.rauc_service import Service, streaming

RUNNING, NEWER = "0.1.0+202611280000", "0.2.0+202612010000"
MINUTE = 60.0
URL = "https://phat-hanh.example.vn/moi.raucb"


class Box:
    """A box whose slot is good, in a phase, with programs that note how they were called."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = Paths(folder / "data", folder / "run", folder / "root")
        self.url, self.authority = URL, str(folder / "authority.pem")
        self.folder, self.called = folder, folder / "calls"
        self.later_s = 0.0
        self._programs = folder / "bin"
        for made in ("run", "data/site", "root/etc", "bin"):
            (folder / made).mkdir(parents=True)
        (folder / "root/etc/os-release").write_text(f'IMAGE_VERSION="{RUNNING}"\n')
        self.settings(f'[province]\nreleases = "{self.url}"\nca = "{self.authority}"\n')
        shows = f"[ $1 != show ] || cat {folder}/shown"
        self.program("systemctl", f"{shows}; [ $1 != is-active ]")  # no support is at work
        self.systemctl("ActiveState=active")
        self.program("rauc", "exit 0")
        self.offers(NEWER)
        self.phase(Phase.IDLE)
        monkeypatch.setenv("PATH", f"{self._programs}:/usr/bin:/bin")

    def program(self, name: str, does: str) -> None:
        file = self._programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.called}\n{does}\n')
        file.chmod(0o755)

    def systemctl(self, *shown: str) -> None:
        """`systemctl show` prints the lines `shown`, whatever it is asked for."""
        (self.folder / "shown").write_text("\n".join(shown) + "\n")

    def restarted(self) -> None:
        """The power was off: what lies in /run is gone."""
        (self.paths.run / RELEASE_FILE.name).unlink()

    def settings(self, province: str) -> None:
        text = site().split(b"[secrets]")[0].decode()
        (self.paths.data / "site/site.toml").write_text(f"{text}\n{province}")

    def offers(self, version: str) -> None:
        self.program("busctl", f"echo '{told_by_rauc(version)}'")

    def phase(self, phase: Phase, *meetings: MeetingTime, clock_trusted: bool = True) -> None:
        facts = EndpointFacts(phase=phase.value, meetings=meetings, clock_trusted=clock_trusted)
        ENDPOINT_FILE.write(self.paths.run, facts, self.now())

    def now(self) -> float:
        return time.time() + self.later_s

    def look(self) -> tuple[str, list[str]]:
        """What it said, and which programs that change something it called."""
        self.called.write_text("")
        said = look(Window(self.paths, attended=False, now=self.now))
        asked = ("busctl", "systemctl show", "systemctl is-active")
        calls = [
            line for line in self.called.read_text().splitlines() if not line.startswith(asked)
        ]
        return said, calls


def waits_for(process: int) -> str:
    """Words of a shell that go on until `process` is gone, as RAUC's client does."""
    return f"tail -s 0.02 --pid={process} -f /dev/null; echo LastError: the line is gone; exit 1"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


@pytest.fixture
def service() -> Iterator[Service]:
    with streaming() as service:
        yield service


def install(box: Box) -> str:
    return f"rauc install --tls-ca {box.authority} {box.url}"


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
    UPDATE_FILE.write(box.paths.run, facts, 0.0)
    assert box.look() == (f"{NEWER} runs, {NEWER} is to be had", [])


def test_a_release_without_a_number_is_said_and_left_alone(box: Box) -> None:
    box.offers("moi-nhat")
    said, calls = box.look()
    assert (calls, "moi-nhat" in said) == ([], True)


def test_without_settings_or_address_nobody_is_asked(box: Box) -> None:
    box.settings("")
    said = "the settings name no address of releases"
    assert box.look() == (said, [])
    (box.paths.data / "site/site.toml").unlink()
    assert box.look() == (said, [])
    assert "busctl" not in box.called.read_text()


def test_beside_a_slot_that_may_fall_back_nothing_is_installed(box: Box) -> None:
    box.systemctl("ActiveState=activating")
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
    facts = json.dumps({"at": box.now(), "phase": "upcoming"})
    box.program("rauc", f"echo '{facts}' > {box.paths.run}/endpoint.json")
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is installed and not started now: a meeting begins")
    assert calls == [install(box)]
    box.phase(Phase.IDLE)
    assert box.look() == (f"{NEWER} is starting", [REBOOT])


def test_what_failed_twice_waits_for_hours_and_a_newer_one_does_not(box: Box) -> None:
    box.program("rauc", "exit 1")
    said, calls = box.look()
    assert said == f"{NEWER} was not installed; `diemcau slots show` says why"
    assert calls == [install(box)]
    assert box.look()[1] == [install(box)], "a line may break once"
    for failures in (2, 3, 4):
        assert box.look()[1] == []
        tried = RELEASE_FILE.read(box.paths.run, time.time(), inf)
        assert tried is not None
        assert tried.failures == failures
        RELEASE_FILE.write(box.paths.run, tried, time.time() - RETRY_S[min(failures, 3) - 1] - 1)
        assert box.look()[1] == [install(box)]
    box.offers("0.3.0+202612020000")
    assert box.look()[1] == [install(box)]


def test_what_did_not_stay_here_is_not_tried_again(box: Box) -> None:
    facts = UpdateFacts(state="fell-back", wanted=NEWER, detail=f"{NOT_PASSED}: no agenda")
    UPDATE_FILE.write(box.paths.run, facts, 0.0)
    assert box.look() == (f"{NEWER} was tried here and did not stay", [])


def test_in_rescue_no_meeting_is_asked_for(box: Box) -> None:
    (box.paths.root / RESCUE_FLAG).parent.mkdir(parents=True)
    (box.paths.root / RESCUE_FLAG).write_text("7")
    box.systemctl("ActiveState=activating")
    box.phase(Phase.UPCOMING)
    assert box.look()[1] == [install(box)]


def test_rauc_is_asked_with_the_provinces_authority(box: Box) -> None:
    assert release_at(box.url, box.authority) == PublishedRelease(NEWER, SIZE)
    assert f"InspectBundle sa{{sv}} {box.url} 1 tls-ca s {box.authority}" in box.called.read_text()
    assert release_at(box.url, "").version == NEWER
    assert box.called.read_text().endswith(f"InspectBundle sa{{sv}} {box.url} 0\n")


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
        release_at(box.url, box.authority)
    said, calls = box.look()
    assert said.startswith(f"{box.url}: ")
    assert (reason in said, calls) == (True, [])


def test_n1_by_itself_nothing_is_done_under_a_clock_that_is_not_trusted(box: Box) -> None:
    box.phase(Phase.IDLE, clock_trusted=False)
    assert box.look() == (f"{NEWER} is not installed now: {NO_CLOCK}", [])


def test_n1_25_minutes_before_a_meeting_nothing_is_fetched(box: Box) -> None:
    begin = box.now() + 25 * MINUTE
    box.phase(Phase.IDLE, MeetingTime(begin, begin + 60 * MINUTE))
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is not installed now: a meeting begins at ")
    assert calls == []


def test_n1_110_minutes_before_a_meeting_it_is_installed_and_not_started(box: Box) -> None:
    begin = box.now() + 110 * MINUTE
    box.phase(Phase.IDLE, MeetingTime(begin, begin + 60 * MINUTE))
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is installed and not started now: a meeting begins at ")
    assert said.endswith("no restart from 2 hours before it")
    assert calls == [install(box)]
    box.phase(Phase.IDLE)
    assert box.look() == (f"{NEWER} is starting", [REBOOT])


def test_n1_a_meeting_that_is_entered_meanwhile_stops_the_install_and_costs_no_try(
    box: Box, service: Service
) -> None:
    box.systemctl("ActiveState=active", f"MainPID={service.process.pid}", "IPIngressBytes=7")
    facts = json.dumps({
        "at": box.now(), "phase": "idle", "clock_trusted": True,
        "meetings": [[box.now() + 10 * MINUTE, box.now() + 70 * MINUTE]],
    })  # fmt: skip
    entered = f"echo '{facts}' > {box.paths.run}/endpoint.json"
    box.program("rauc", f"{entered}; {waits_for(service.fetching)}")
    said, calls = box.look()
    assert said.startswith(f"{NEWER} is not installed now: stopped: a meeting begins at ")
    assert calls == [install(box)]
    refused = read_record(box.paths.data).refused
    assert refused is not None
    assert refused.bundle == box.url
    assert refused.reason.startswith("stopped: a meeting begins at ")
    # The next look takes it up, without any hour of waiting.
    box.phase(Phase.IDLE)
    box.program("rauc", "exit 0")
    assert box.look() == (f"{NEWER} is starting", [install(box), REBOOT])


def test_n8_beyond_three_quarters_of_the_bundle_it_is_given_up_for_a_day(
    box: Box, service: Service
) -> None:
    share = round(SIZE * 0.75)
    box.systemctl("ActiveState=active", f"MainPID={service.process.pid}", "IPIngressBytes=0")
    came = f"sed -i s/Bytes=0/Bytes={share + 1}/ {box.folder}/shown"
    box.program("rauc", f"{came}; {waits_for(service.fetching)}")
    said, calls = box.look()
    assert said == f"{NEWER} {OVER_BUDGET}: more than the budget of {share} bytes has come"
    assert calls == [install(box)]
    box.program("rauc", "exit 0")
    box.restarted()
    for later_s in (0.0, OVER_BUDGET_RETRY_S - 60):
        box.later_s = later_s
        box.phase(Phase.IDLE)
        assert box.look() == (f"{NEWER} {OVER_BUDGET}", [])
    box.offers("0.3.0+202612020000")
    assert box.look()[1] == [install(box), REBOOT], "a newer one is another matter"
    box.offers(NEWER)
    box.later_s = OVER_BUDGET_RETRY_S + 60
    box.phase(Phase.IDLE)
    assert box.look()[1] == [install(box), REBOOT]


@pytest.mark.parametrize("verity_size", [None, 0, -4096, 4097, 4096.0, "4096", True])
def test_n8_a_bundle_that_tells_no_size_is_said_and_nothing_is_fetched(
    box: Box, verity_size: Any
) -> None:
    """The format `plain` has no tree; RAUC refuses it by the box's own settings, too."""
    box.program("busctl", f"echo '{told_by_rauc(NEWER, verity_size)}'")
    said, calls = box.look()
    assert said.startswith(f"{box.url}: ")
    assert ("no verity-size" if verity_size is None else "no size of a verity tree") in said
    assert calls == []


def test_n8_a_bundle_that_is_larger_than_a_slot_is_said_and_nothing_is_fetched(box: Box) -> None:
    for verity_size in (2 * VERITY_SIZE, 3 * VERITY_SIZE):
        box.program("busctl", f"echo '{told_by_rauc(RUNNING, verity_size)}'")
        assert release_at(box.url, "").size < MAX_BUNDLE_BYTES
    for verity_size in (4 * VERITY_SIZE, MAX_BUNDLE_BYTES + BLOCK_BYTES, 2**64 - BLOCK_BYTES):
        box.program("busctl", f"echo '{told_by_rauc(NEWER, verity_size)}'")
        said, calls = box.look()
        assert said.startswith(f"{box.url}: the bundle has more than a slot has")
        assert calls == []


def test_n8_rauc_is_asked_once(box: Box) -> None:
    box.look()
    assert box.called.read_text().count("InspectBundle") == 1
