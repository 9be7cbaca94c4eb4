"""`diemcau boot-partition` as its timer calls it, and what health tells the province of it."""

import json
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.base.fact_file import BOOT_PARTITION_FILE, ENDPOINT_FILE
from appliance.core.alarms import when
from appliance.core.decision import Phase
from appliance.core.problems import ProblemKey
from appliance.wire.facts import BootPartitionFacts, EndpointFacts
from services.boot_partition.boot_set import BootSet
from services.command import main
from services.health.check_api import NOTHING, Box, CheckResult
from services.health.checklist import Checklist
from services.updates.tools.boot_partition_command import BOOT_FILES, MEMORY, OUR_BOARDS
from tests.boot_partition.boot_loaders import people_s
from tests.boot_partition.cards import BOARD, NEW, OLD, boot_set, card, flashed
from tests.provisioning.site_files import site


class OneBox:
    """A box whose slot is good, that brings the boot files of `release`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.run, self.data = folder, folder / "run", folder / "data"
        self.card = card(folder / "card.img", flashed(boot_set(OLD)))
        for made in ("run", "data/site", "data/boot", "root/etc", "root/proc/device-tree", "bin"):
            (folder / made).mkdir(parents=True)
        (self.data / "site/site.toml").write_bytes(site().split(b"[secrets]")[0])
        self.brings(boot_set(NEW))
        self.tree("compatible", BOARD.encode() + b"\0brcm,bcm2711\0")
        self.systemctl("ActiveState=active")
        self.phase(Phase.IDLE)
        monkeypatch.setenv("PATH", f"{folder}/bin:/usr/bin:/bin")

    def brings(self, wanted: BootSet) -> None:
        release = f'IMAGE_VERSION="{wanted.release}"\n'
        (self.folder / "root/etc/os-release").write_text(release)
        out = self.folder / "root" / BOOT_FILES
        for name, files in (("firmware", wanted.firmware), ("system", wanted.system)):
            (out / name).mkdir(parents=True, exist_ok=True)
            for file, content in files.items():
                (out / name / file).write_bytes(content)
        (out / "config.txt").write_bytes(wanted.config)
        (out / "boot.scr").write_bytes(wanted.dispatcher)

    def tree(self, name: str, content: bytes) -> None:
        file = self.folder / "root/proc/device-tree" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)

    def systemctl(self, shown: str) -> None:
        file = self.folder / "bin/systemctl"
        file.write_text(f"#!/bin/sh\necho {shown}\n")
        file.chmod(0o755)

    def phase(self, phase: Phase) -> None:
        facts = EndpointFacts(phase=phase, clock_trusted=True)
        ENDPOINT_FILE.write(self.run, facts, time.time())

    def look(self, *words: str) -> str:
        """What is printed."""
        options = ["--boot", str(self.card), "--run", str(self.run), "--data", str(self.data)]
        done = CliRunner().invoke(
            main, ["boot-partition", *options, "--root", str(self.folder / "root"), *words]
        )
        assert done.exit_code == 0, done.output
        return done.output

    def told(self) -> BootPartitionFacts | None:
        return BOOT_PARTITION_FILE.read(self.run, time.time(), inf)

    def next_start(self) -> None:
        BOOT_PARTITION_FILE.write(self.run, BootPartitionFacts(state="waiting"), time.time())


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OneBox:
    return OneBox(tmp_path, monkeypatch)


def test_the_release_brings_its_boot_files_once(box: OneBox) -> None:
    box.look()
    told = box.told()
    assert told is not None
    assert (told.state, told.set, told.release) == ("renewed", "a", NEW)
    assert people_s(box.card, "config.txt") == boot_set(NEW).config_for("a")
    assert json.loads((box.data / MEMORY).read_bytes())["digest"] == boot_set(NEW).digest()
    after = box.card.read_bytes()
    box.look()
    assert box.told() == told, "within one start it is looked at once"
    box.tree("chosen/os_prefix", b"\0")
    box.look("--attended")
    assert box.told() == told, "this start began with another set"
    box.tree("chosen/os_prefix", b"a/\0")
    box.next_start()
    box.look()
    told = box.told()
    assert told is not None
    assert told.state == "current"
    assert box.card.read_bytes() == after


def test_the_province_is_told(box: OneBox) -> None:
    check = Checklist(box.folder / "root", box.data).checks["boot-partition"]

    def result() -> CheckResult:
        return check(Box(box.folder / "root", box.data, time.time(), 0.0, run=box.run))

    def facts() -> dict[str, str]:
        return dict(result().facts)

    assert result() == NOTHING
    box.look()
    expected = {"boot_files": "renewed", "boot_files_set": "a", "boot_files_release": NEW}
    assert facts() == expected
    assert result().observations == (when(ProblemKey.BOOT_FILES, False),)
    box.next_start()
    box.brings(boot_set("0.3.0+202701010000"))
    box.tree("compatible", b"raspberrypi,6-model-b\0")
    box.look()
    why = "this release brings no device tree for this board, raspberrypi,6-model-b"
    assert facts()["boot_files"] == f"failed: {why}"
    assert result().observations == (when(ProblemKey.BOOT_FILES, True, why),)


def not_idle(box: OneBox) -> None:
    box.phase(Phase.IN_MEETING)


def not_confirmed(box: OneBox) -> None:
    box.systemctl("ActiveState=activating")


def another_board(box: OneBox) -> None:
    box.tree("compatible", b"linux,dummy-virt\0")
    assert not b"linux,dummy-virt".startswith(OUR_BOARDS.encode())


@pytest.mark.parametrize(
    ("hindered", "state"), [(not_idle, "waiting"), (not_confirmed, None), (another_board, None)]
)
def test_nothing_is_written_where_it_may_not(
    box: OneBox, hindered: Callable[[OneBox], None], state: str | None
) -> None:
    before = box.card.read_bytes()
    hindered(box)
    box.look()
    told = box.told()
    assert (told.state if told else None) == state
    assert box.card.read_bytes() == before


def test_a_meeting_that_is_over_makes_room(box: OneBox) -> None:
    box.phase(Phase.IN_MEETING)
    box.look()
    box.phase(Phase.IDLE)
    box.look()
    told = box.told()
    assert told is not None
    assert told.state == "renewed"


def test_a_card_that_cannot_be_opened_is_said(box: OneBox) -> None:
    box.card.unlink()
    box.look()
    told = box.told()
    assert told is not None
    assert told.state == "failed"
    assert "No such file" in told.detail


def test_a_set_that_the_firmware_passes_over_is_said(box: OneBox) -> None:
    box.look()
    box.next_start()
    box.tree("chosen/os_prefix", b"\0")
    box.look()
    told = box.told()
    assert told is not None
    assert told.state == "failed"
    assert "passed over set a" in told.detail
    box.next_start()
    box.tree("chosen/os_prefix", b"a/\0")
    box.look()
    told = box.told()
    assert told is not None
    assert told.state == "current"
