"""What a hand hung up is on the disk, and a broken disk brings no camera back on by an error."""

from pathlib import Path

import pytest

from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.core.problems import ProblemKey
from appliance.wire.meeting import Meeting
from services.endpoint.call.dismissals import RETRY_S, Dismissals

MEETING = Meeting("a", "Họp", 100.0, 200.0, "loopback:")
OTHER = Meeting("b", "Họp", 300.0, 400.0, "loopback:")


def test_it_survives_a_restart_and_can_be_taken_back(tmp_path: Path) -> None:
    Dismissals(tmp_path).dismiss(MEETING, now=150.0)
    after = Dismissals(tmp_path)
    assert after.uids == {"a"}
    after.take_back(MEETING)
    assert Dismissals(tmp_path).uids == frozenset()


def test_what_is_over_is_forgotten(tmp_path: Path) -> None:
    kept = Dismissals(tmp_path)
    kept.dismiss(MEETING, now=150.0)
    kept.dismiss(OTHER, now=350.0)
    assert kept.uids == {"b"}


@pytest.mark.parametrize("content", ["", "[]", '{"a": "soon"}', "{"])
def test_a_broken_file_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "dismissed.json").write_text(content)
    assert Dismissals(tmp_path).uids == frozenset()


@pytest.mark.case("K6")
def test_a_hang_up_that_cannot_be_written_counts_all_the_same(tmp_path: Path) -> None:
    """It raised `OSError`, the endpoint ended, and after its restart the camera was on again."""
    run = tmp_path / "run"
    (tmp_path / "file").touch()
    kept = Dismissals(tmp_path / "file" / "data", run)
    kept.dismiss(MEETING, now=150.0)
    assert kept.uids == {"a"}
    assert kept.problem is ProblemKey.STORAGE
    after = Dismissals(tmp_path / "file" / "data", run)
    assert after.uids == {"a"}
    after.take_back(MEETING)
    assert Dismissals(tmp_path / "file" / "data", run).uids == frozenset()


@pytest.mark.case("K6")
def test_it_is_written_as_soon_as_the_disk_takes_it(tmp_path: Path) -> None:
    (tmp_path / "data").touch()  # no folder: no file can be made in it
    kept = Dismissals(tmp_path / "data")
    kept.dismiss(MEETING, now=150.0)
    kept.retry(1000.0)
    assert kept.problem is ProblemKey.STORAGE
    (tmp_path / "data").unlink()
    kept.retry(1000.0 + RETRY_S - 1.0)
    assert kept.problem is ProblemKey.STORAGE, "not so soon: a card that fails is not to be worn"
    kept.retry(1000.0 + RETRY_S)
    assert kept.problem is None
    assert Dismissals(tmp_path / "data").uids == {"a"}


def test_what_is_in_memory_is_newer_than_the_disk(tmp_path: Path) -> None:
    """A hang-up that was taken back while the disk was full must not come back with the program."""
    data, run = tmp_path / "data", tmp_path / "run"
    Dismissals(data).dismiss(MEETING, now=150.0)
    Dismissals(data, run).take_back(MEETING)
    Dismissals(data).dismiss(MEETING, now=150.0)
    assert Dismissals(data, run).uids == frozenset()
    assert Dismissals(data).uids == {"a"}, "a power cut leaves the disk alone"


@pytest.mark.parametrize("content", ["", "[]", '{"uid": "a"}', '{"uid": "a", "until": "x"}', "{"])
def test_a_broken_file_of_what_a_hand_joined_counts_for_nothing(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "joined.json").write_text(content)
    assert Dismissals(tmp_path / "data", tmp_path).joined_by_hand(0.0) == frozenset()


def test_a_join_without_the_hour_is_bounded_by_the_time_since_the_boot(tmp_path: Path) -> None:
    kept = Dismissals(tmp_path / "data", tmp_path)
    kept.take_back(MEETING, hour_unknown_at=50.0)
    bound_s = MEETING.end - MEETING.begin + MAX_OVERRUN_S
    for one in (kept, Dismissals(tmp_path / "data", tmp_path)):
        assert one.joined_by_hand(50.0 + bound_s - 1.0) == {"a"}
        assert one.joined_by_hand(50.0 + bound_s) == frozenset()
    days = Meeting("c", "Họp", 0.0, 9 * 86_400.0, "loopback:")
    kept.take_back(days, hour_unknown_at=50.0)
    assert kept.joined_by_hand(50.0 + 28 * 3600.0) == frozenset()
