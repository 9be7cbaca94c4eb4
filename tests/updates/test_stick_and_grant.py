"""`diemcau grant` and `diemcau stick` as they are called, and what the TV makes of it."""

import json
import logging
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.base.fact_file import ENDPOINT_FILE, UPDATE_FILE
from appliance.core.decision import Phase
from appliance.core.problems import ProblemKey
from appliance.core.rescue import NOT_PASSED
from appliance.wire.facts import EndpointFacts, MeetingTime
from services.endpoint.status.stick import FRESH_S, RESULT_SHOWN_S, stick_problem
from services.slots.failure_reason import NEVER_REACHED_DATA, REACHED_DATA
from services.slots.record import Outcome, SlotRecord, SlotResult
from services.slots.rescue import rescue_facts
from services.slots.slot_good_command import update_facts
from services.support.grant import parse
from services.support.grant_command import grant
from services.support.shell import drop_in
from services.support.signature import verify
from services.updates.box import failed_releases
from services.updates.progress import Progress, StickState
from services.updates.slot_confirmed import RESCUE_FLAG
from services.updates.tools.stick_command import stick as stick_command
from tests.provisioning.site_files import site
from tests.support.authorities import GRANT, authority


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority(tmp_path_factory.mktemp("keys") / "provisioning", "provisioning")


def make(keys: Path, out: Path, *more: str) -> tuple[int, str]:
    words = ["--site", "ia-kly", "--who", "Nguyễn Văn A", "--certificate", str(keys / "signer.pem"),
             "--key", str(keys / "signer.key"), "--out", str(out), *more]  # fmt: skip
    done = CliRunner().invoke(grant, words)
    return done.exit_code, done.output


def test_a_grant_is_made_and_signed(keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "support.cms"
    assert make(keys, out, "--hours", "3", "--days", "2")[0] == 0
    content, by = verify(out.read_bytes(), keys / "keyring.pem")
    made = parse(content)
    assert (made.site, made.who, made.hours) == ("ia-kly", "Nguyễn Văn A", 3)
    assert made.until - made.issued == timedelta(days=2)
    assert by.name == "diemcau provisioning signer"
    make(keys, out)
    assert parse(verify(out.read_bytes(), keys / "keyring.pem")[0]).id != made.id


def test_what_no_box_would_take_is_not_signed(keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "support.cms"
    for more, reason in (
        (("--hours", "9"), "hours 9"),
        (("--days", "8"), "not within 7 days"),
        (("--serial", "10000000abcdef01"), "by serial and by site"),
        (("--who", "A\nB"), "who "),
    ):
        code, said = make(keys, out, *more)
        assert (code, reason in said, out.exists()) == (1, True, False), said


def test_a_key_is_a_place_and_is_never_repeated(keys: Path, tmp_path: Path) -> None:
    text = (keys / "signer.key").read_text()
    code, said = make(keys, tmp_path / "support.cms", "--key", text)
    assert code == 1
    assert text.splitlines()[1] not in said


class Box:
    """A stick in a box: folders for all that `diemcau stick` reads and writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("stick", "run", "data", "root/sys/class/block/sda1"):
            (folder / name).mkdir(parents=True)
        device = (folder / "stick").stat().st_dev
        number = folder / "root/sys/class/block/sda1/dev"
        number.write_text(f"{os.major(device)}:{os.minor(device)}\n")

    def plug(self, device: str = "sda1") -> int:
        words = [f"--{name}={self.folder / name}" for name in ("stick", "run", "data", "root")]
        words += [f"--authority={self.folder / 'authority.pem'}", device]
        return CliRunner().invoke(stick_command, words).exit_code

    @property
    def told(self) -> tuple[str, str]:
        facts = json.loads((self.folder / "run/stick.json").read_bytes())
        return facts["stage"], facts["detail"]


@pytest.mark.parametrize("name", ["", "folder/next.raucb", "support.txt"])
def test_a_stick_with_nothing_for_the_box_is_no_failure_and_says_what_it_lacks(
    tmp_path: Path, name: str
) -> None:
    box = Box(tmp_path)
    if name:
        (tmp_path / "stick" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "stick" / name).write_bytes(b"")
    assert box.plug() == 0
    assert box.told == ("refused", "no .raucb or support.cms in the topmost folder")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins of the box's programs: each call is a line. The slot is good already."""
    programs, called = tmp_path / "bin", tmp_path / "calls"
    programs.mkdir()
    called.touch()
    for name, does in (
        ("systemctl", "[ $1 != show ] || echo ActiveState=active; [ $1 != is-active ]"),
        ("rauc", "[ $1 = install ]"),
    ):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {called}\n{does}\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return called


@pytest.mark.parametrize(("kind", "forgets"), [("ext4", False), ("overlay", True)])
def test_a_box_that_will_forget_a_grant_says_so(
    tmp_path: Path,
    calls: Path,
    keys: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    kind: str,
    forgets: bool,
) -> None:
    box = Box(tmp_path)
    (box.folder / "data/site").mkdir()
    (box.folder / "data/site/site.toml").write_bytes(site().split(b"[secrets]")[0])
    (box.folder / "authority.pem").write_bytes((keys / "keyring.pem").read_bytes())
    (box.folder / "root/proc").mkdir()
    (box.folder / "root/proc/mounts").write_text(f"card {tmp_path}/data {kind} rw 0 0\n")
    make(keys, box.folder / "stick/support.cms")
    # The program makes the root logger its own.
    log = logging.getLogger("diemcau.stick")
    log.addHandler(caplog.handler)
    try:
        assert box.plug() == 0
    finally:
        log.removeHandler(caplog.handler)
    assert box.told[0] == "done"
    assert "systemctl start diemcau-support.service" in calls.read_text()
    assert ("will not know" in caplog.text) is forgets


def in_phase(box: Box, phase: Phase, *meetings: MeetingTime, clock_trusted: bool = True) -> None:
    """A site with settings, whose endpoint has just spoken."""
    (box.folder / "stick/next.raucb").write_bytes(b"")
    (box.folder / "data/site").mkdir()
    (box.folder / "data/site/site.toml").write_bytes(site().split(b"[secrets]")[0])
    facts = EndpointFacts(phase=phase.value, meetings=meetings, clock_trusted=clock_trusted)
    ENDPOINT_FILE.write(box.folder / "run", facts, time.time())


@pytest.mark.parametrize("phase", [Phase.UPCOMING, Phase.IN_MEETING])
def test_no_install_begins_while_a_meeting_is_on_or_near(
    tmp_path: Path, calls: Path, phase: Phase
) -> None:
    box = Box(tmp_path)
    in_phase(box, phase)
    assert box.plug() == 0
    assert box.told[0] == "waiting"
    assert box.told[1].startswith("next.raucb is installed at the next power-on: ")
    assert "rauc install" not in calls.read_text()


def test_without_one_it_is_installed_and_the_box_restarts(tmp_path: Path, calls: Path) -> None:
    box = Box(tmp_path)
    in_phase(box, Phase.IDLE)
    assert box.plug() == 0
    assert box.told == ("installing", "next.raucb is starting")
    assert "rauc install" in calls.read_text()
    assert calls.read_text().endswith("systemctl --no-block reboot\n")


def in_minutes(minutes: float) -> MeetingTime:
    """A meeting of an hour."""
    begin = time.time() + minutes * 60
    return MeetingTime(begin, begin + 3600)


def test_n1_nothing_is_installed_25_minutes_before_a_meeting(tmp_path: Path, calls: Path) -> None:
    box = Box(tmp_path)
    in_phase(box, Phase.IDLE, in_minutes(25))
    assert box.plug() == 0
    assert box.told[0] == "waiting"
    assert box.told[1].startswith("next.raucb is installed at the next power-on: a meeting begins")
    assert "rauc install" not in calls.read_text()


def test_n1_nothing_restarts_110_minutes_before_a_meeting(tmp_path: Path, calls: Path) -> None:
    box = Box(tmp_path)
    in_phase(box, Phase.IDLE, in_minutes(110))
    assert box.plug() == 0
    assert box.told[0] == "waiting"
    assert box.told[1].startswith("next.raucb starts at the next power-on: a meeting begins at ")
    assert "rauc install" in calls.read_text()
    assert "reboot" not in calls.read_text()


def test_n1_somebody_at_the_box_needs_no_clock(tmp_path: Path, calls: Path) -> None:
    """A site whose network has no time server would otherwise never take the remedy."""
    box = Box(tmp_path)
    in_phase(box, Phase.IDLE, in_minutes(10), clock_trusted=False)
    assert box.plug() == 0
    assert box.told == ("installing", "next.raucb is starting")
    assert calls.read_text().endswith("systemctl --no-block reboot\n")


def test_n1_a_meeting_that_is_entered_meanwhile_stops_the_install(
    tmp_path: Path, calls: Path
) -> None:
    box = Box(tmp_path)
    in_phase(box, Phase.IDLE)
    facts = json.dumps({"at": time.time(), "phase": "upcoming"})
    # RAUC's client goes on until its service is stopped.
    goes_on = f"until grep -q 'stop rauc' {calls}; do sleep 0.05; done; exit 2"
    entered = f"[ $1 = install ] || exit 1; echo '{facts}' > {tmp_path}/run/endpoint.json"
    (tmp_path / "bin/rauc").write_text(f"#!/bin/sh\n{entered}\n{goes_on}\n")
    assert box.plug() == 0
    assert "systemctl --no-block stop rauc.service\n" in calls.read_text()
    assert box.told == (
        "waiting",
        "next.raucb is installed at the next power-on: stopped: a meeting begins within 15 minutes",
    )
    assert "reboot" not in calls.read_text()


def test_in_rescue_no_meeting_is_asked_for(tmp_path: Path, calls: Path) -> None:
    box = Box(tmp_path)
    in_phase(box, Phase.UPCOMING)
    (tmp_path / "root" / RESCUE_FLAG).parent.mkdir(parents=True)
    (tmp_path / "root" / RESCUE_FLAG).write_text("7")
    box.plug()
    assert "rauc install" in calls.read_text()


def test_a_box_without_an_endpoint_has_nobody_to_tell(tmp_path: Path) -> None:
    box = Box(tmp_path)
    (tmp_path / "run").rmdir()
    assert box.plug() == 0
    assert not (tmp_path / "run").exists()


def test_a_grant_that_opens_nothing_is_told_and_no_failure(tmp_path: Path) -> None:
    box = Box(tmp_path)
    (tmp_path / "stick/support.cms").write_bytes(b"rubbish")
    assert box.plug() == 0
    assert box.told[0] == "refused"
    assert not (tmp_path / "data/boot").exists()
    assert not (tmp_path / "root/run").exists()


@pytest.mark.parametrize("device", ["sdb1", "mmcblk0p1", "../sda1", "sda1\nsdb1"])
def test_another_device_than_the_one_that_is_mounted(tmp_path: Path, device: str) -> None:
    box = Box(tmp_path)
    number = tmp_path / "root/sys/class/block/sdb1/dev"
    number.parent.mkdir()
    number.write_text("250:1\n")
    assert box.plug(device) == 1
    assert not (tmp_path / "run/stick.json").exists()


def test_the_shell_is_bound_to_the_stick_and_to_the_hours() -> None:
    added = drop_in("sda1", GRANT, 5400.9).splitlines()
    assert "BindsTo=dev-sda1.device" in added
    assert "RuntimeMaxSec=5400" in added
    # 0 would be "for ever" to systemd.
    assert "RuntimeMaxSec=1" in drop_in("sda1", GRANT, 0.4)


@pytest.mark.parametrize("stage", StickState)
def test_the_tv_says_each_stage_for_as_long_as_it_holds(tmp_path: Path, stage: StickState) -> None:
    Progress(tmp_path, lambda: 1000.0).tell(stage, "sda1")
    key = ProblemKey(f"stick-{stage.value}")
    lasts = FRESH_S if stage in (StickState.READING, StickState.INSTALLING) else RESULT_SHOWN_S
    assert stick_problem(tmp_path, 1000.0 + lasts) is key
    assert stick_problem(tmp_path, 1000.0 + lasts + 1) is (
        key if stage is StickState.WAITING else None
    )


def test_releases_that_did_not_stay_are_known_from_the_facts_of_this_start(tmp_path: Path) -> None:
    assert failed_releases(tmp_path) == frozenset()
    older, wanted = "0.1.0+202611280000", "0.2.0+202612010000"
    good = SlotResult(older, Outcome.GOOD)
    bad = SlotResult(wanted, Outcome.FAILED, f"{NOT_PASSED}: picture")
    both = {"A": SlotResult(older, Outcome.FAILED, f"{NOT_PASSED}: screen"), "B": bad}
    for told, failed in (
        (update_facts(SlotRecord({"A": good, "B": bad}), "A", "B", older), {wanted}),
        (update_facts(SlotRecord({"A": good}), "A", "B", older), set()),
        (rescue_facts(7, "A", both), {older, wanted}),
    ):
        UPDATE_FILE.write(tmp_path, told, 0.0)
        assert failed_releases(tmp_path) == failed


@pytest.mark.parametrize("reason", [REACHED_DATA, NEVER_REACHED_DATA])
def test_what_hung_is_not_installed_again_by_a_stick_left_in(tmp_path: Path, reason: str) -> None:
    results = {"B": SlotResult("0.2.0+202612010000", Outcome.FAILED, reason)}
    told = update_facts(SlotRecord(results), "A", "B", "0.1.0+202611280000")
    UPDATE_FILE.write(tmp_path, told, 0.0)
    assert failed_releases(tmp_path) == {"0.2.0+202612010000"}


@pytest.mark.parametrize("reason", ["block 7 is damaged", "the slot cannot be read"])
def test_a_stick_repairs_what_is_damaged(tmp_path: Path, reason: str) -> None:
    version = "0.2.0+202612010000"
    results = {slot: SlotResult(version, Outcome.FAILED, reason) for slot in "AB"}
    for told in (
        update_facts(SlotRecord(results), "A", "B", version),
        rescue_facts(7, "A", results),
    ):
        UPDATE_FILE.write(tmp_path, told, 0.0)
        assert failed_releases(tmp_path) == frozenset()


def test_the_tv_says_nothing_of_what_it_does_not_know(tmp_path: Path) -> None:
    assert stick_problem(tmp_path, 0.0) is None
    (tmp_path / "stick.json").write_text('{"at": 0, "stage": "dancing"}')
    assert stick_problem(tmp_path, 0.0) is None
