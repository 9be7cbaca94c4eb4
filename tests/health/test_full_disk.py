"""Health on a disk that takes nothing: no report's failure is its own, and the alarm says why."""

from pathlib import Path

import pytest

from appliance.core.problems import ProblemKey
from appliance.wire.topics import Kind
from services.health.backlog import Backlog, Item
from services.health.checks.canary import Canary
from services.health.checks.reboot import Reboot
from services.health.credentials import Credentials
from tests.full_disk import KINDS, mend, needs_mount, small_disk, spoil
from tests.health.boxes import healthy_box

pytestmark = [needs_mount, pytest.mark.case("K6")]

KEY = {"full": ProblemKey.DISK_FULL, "read-only": ProblemKey.STORAGE}


def item(number: int) -> Item:
    return Item(Kind.HEALTH, f"{number:06d}".encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begun", [True, False], ids=["in a file", "before the first file"])
def test_the_backlog_goes_on_as_soon_as_the_disk_does(
    tmp_path: Path, kind: str, begun: bool
) -> None:
    """It looked for the size of the file that could not be made, and lost all that came later."""
    with small_disk(tmp_path / "disk") as disk:
        (disk / "q").mkdir()
        backlog = Backlog(disk / "q")
        if begun:
            backlog.append([item(1)])
        spoil(disk, kind)
        backlog.append([item(number) for number in range(100, 2000)])
        backlog.append([item(2)])
        mend(disk, kind)
        backlog.append([item(3)])
        backlog.append([item(4)])
        kept = backlog.first(10_000)
        backlog.remove(len(kept))
        kept += backlog.first(10_000)
        assert [one for one in kept if one in (item(1), item(3), item(4))] == [
            *([item(1)] if begun else []),
            item(3),
            item(4),
        ]


def test_what_was_sent_and_cannot_be_removed_ends_nothing(tmp_path: Path) -> None:
    """It raised in the task that sends: the line was taken for lost, again and again."""
    with small_disk(tmp_path / "disk") as disk:
        (disk / "q").mkdir()
        Backlog(disk / "q").append([item(1)])
        (disk / "q/000000001.jsonl").touch()
        backlog = Backlog(disk / "q")
        spoil(disk, "read-only")
        assert backlog.first(5) == [item(1)]
        backlog.remove(1)
        assert backlog.first(5) == []
        assert backlog.empty


@pytest.mark.parametrize("kind", KINDS)
def test_the_alarm_says_whether_room_is_missing_or_the_card_fails(
    tmp_path: Path, kind: str
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        box = healthy_box(tmp_path / "box")
        box.data = disk
        spoil(disk, kind)
        observations = Canary()(box.box()).observations
        assert [(one.key, one.state.name) for one in observations] == [(KEY[kind], "WRONG")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_of_the_last_end_costs_nothing(tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk") as disk:
        spoil(disk, kind)
        reboot = Reboot(disk / "health/last-end.json", Path("/"))
        reboot.stopped()


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_cannot_be_kept_is_an_error_that_its_caller_knows(
    tmp_path: Path, kind: str
) -> None:
    """`EnrolmentClient` tries again; half a key is never left behind."""
    with small_disk(tmp_path / "disk") as disk:
        (disk / "health").mkdir()
        spoil(disk, kind)
        with pytest.raises(OSError, match=r"space|Read-only"):
            Credentials(disk / "health").next_key()
        assert list((disk / "health").iterdir()) == []
