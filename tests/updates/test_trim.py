"""The card is trimmed once a week, only where it takes that, and never beside a meeting."""

from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.paths import Paths
from appliance.wire.facts import EndpointFacts, MeetingTime
from services.updates.tools.trim_command import INTERVAL_S, LAST_FILE, look
from services.updates.window import Window
from tests.provisioning.site_files import site

NOON = 1796126400.0
"""2026-12-01 12:00 UTC."""
DISCARDS = "sys/block/mmcblk0/queue/discard_max_bytes"


class Box:
    """A box with a card; `said` is what each trim would have been called with."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(folder / "data", folder / "run", folder / "root")
        for made in (folder / "data/boot", folder / "data/site", folder / "root/proc"):
            made.mkdir(parents=True)
        (folder / "data/site/site.toml").write_bytes(site().split(b"[secrets]")[0])
        data = self.paths.data
        mounts = f"/dev/dm-1 / squashfs ro 0 0\n/dev/mmcblk0p4 {data} ext4 rw 0 0\n"
        (folder / "root/proc/mounts").write_text(mounts)
        self.discards = self.paths.root / DISCARDS
        self.discards.parent.mkdir(parents=True)
        self.discards.write_text("4194304\n")
        self.calls = folder / "calls"
        self.fstrim = folder / "fstrim"
        self.fstrim.write_text(
            f'#!/bin/sh\necho "$@" >> {self.calls}\necho "$2: 1.2 GiB (1288490188 bytes) trimmed"\n'
        )
        self.fstrim.chmod(0o755)
        self.now = NOON

    def look(self, *meetings: MeetingTime, phase: str = "idle", trusted: bool = True) -> str:
        facts = EndpointFacts(phase=phase, meetings=meetings, clock_trusted=trusted)
        ENDPOINT_FILE.write(self.paths.run, facts, self.now)
        window = Window(self.paths, False, lambda: self.now, lambda: self.now, lambda _: None)
        return look(window, (str(self.fstrim), "--verbose"))

    @property
    def trims(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_once_a_week(box: Box) -> None:
    assert "1.2 GiB (1288490188 bytes) trimmed" in box.look()
    assert box.calls.read_text() == f"--verbose {box.paths.data}\n"
    box.now += INTERVAL_S - 60.0
    assert box.look() == "trimmed within the last week"
    box.now += 60.0
    box.look()
    assert box.trims == 2


def test_not_so_that_a_meeting_notices_it(box: Box) -> None:
    near = MeetingTime(box.now + 600.0, box.now + 4200.0)
    for told in (
        box.look(near),
        box.look(phase="in meeting"),
        box.look(trusted=False),
    ):
        assert told.startswith("not trimmed now: ")
    assert box.trims == 0
    box.look(MeetingTime(box.now + 3600.0, box.now + 7200.0))
    assert box.trims == 1


@pytest.mark.parametrize("discards", ["0\n", "", None])
def test_a_card_that_takes_no_discards_is_left_alone(box: Box, discards: str | None) -> None:
    box.discards.unlink() if discards is None else box.discards.write_text(discards)
    assert box.look() == "the disk mmcblk0 takes no discards"
    assert box.trims == 0


def test_without_a_data_partition_nothing_is_trimmed(box: Box) -> None:
    (box.paths.root / "proc/mounts").write_text(
        "/dev/dm-1 / squashfs ro 0 0\ntmpfs /data tmpfs rw\n"
    )
    assert "takes no discards" in box.look()


@pytest.mark.parametrize("kept", ["", "soon", "nan", f"{NOON + 1e9:.0f}"])
def test_a_time_of_the_last_that_cannot_be_is_none(box: Box, kept: str) -> None:
    (box.paths.data / LAST_FILE).write_text(kept)
    assert "trimmed" in box.look()
    assert box.trims == 1


def test_what_fails_is_told_and_tried_again_in_a_week_and_not_at_each_look(box: Box) -> None:
    box.fstrim.write_text('#!/bin/sh\necho "fstrim: FITRIM ioctl failed: I/O error" >&2\nexit 1\n')
    assert box.look().startswith("fstrim: FITRIM ioctl failed: I/O error")
    box.now += 3600.0
    assert box.look() == "trimmed within the last week"
    box.fstrim.unlink()
    box.now += INTERVAL_S
    assert box.look().startswith("not trimmed: ")


def test_where_the_try_cannot_be_noted_nothing_is_done(box: Box) -> None:
    """Else a card that takes nothing more is trimmed at each look."""
    (box.paths.data / "boot").rmdir()
    (box.paths.data / "boot").write_text("a file")
    assert box.look().startswith("not trimmed: ")
    assert box.trims == 0
