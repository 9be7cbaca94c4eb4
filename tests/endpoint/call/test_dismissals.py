"""What a hand hung up is on the disk, and a broken disk brings no camera back on by an error."""

from pathlib import Path

import pytest

from appliance.wire.meeting import Meeting
from services.endpoint.call.dismissals import Dismissals

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


def test_a_hang_up_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = Dismissals(tmp_path / "file" / "data")
    with pytest.raises(OSError, match="directory"):
        kept.dismiss(MEETING, now=150.0)
    assert kept.uids == frozenset()
