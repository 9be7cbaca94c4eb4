"""What the chair has ended stays ended over a power cut, and what goes on is told once."""

from pathlib import Path

import pytest

from services.endpoint.call.ended_meetings import EndedMeetings

FIRST, SECOND = ("giao-ban", 1000), ("hop-bao/20261123T070000Z", 5000)


def test_it_survives_a_restart_and_follows_the_newest_word(tmp_path: Path) -> None:
    kept = EndedMeetings(tmp_path)
    kept.take([FIRST, SECOND])
    after = EndedMeetings(tmp_path)
    assert after.now == {FIRST, SECOND}
    assert after.reopened() == frozenset()
    after.take([SECOND])
    assert after.reopened() == {FIRST}
    assert after.reopened() == frozenset(), "each once"
    assert EndedMeetings(tmp_path).now == {SECOND}


def test_one_that_is_ended_again_at_once_does_not_go_on(tmp_path: Path) -> None:
    kept = EndedMeetings(tmp_path)
    for word in ([FIRST], [], [FIRST]):
        kept.take(word)
    assert kept.reopened() == frozenset()


@pytest.mark.parametrize(
    "content", ["", "{}", "{", '[["a"]]', '[["a", "soon"]]', "[1]", "[[1, 1e999]]"]
)
def test_a_broken_file_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "ended.json").write_text(content)
    assert EndedMeetings(tmp_path).now == frozenset()


@pytest.mark.case("K6")
def test_a_word_that_cannot_be_written_counts_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").touch()  # no folder: no file can be made in it
    kept = EndedMeetings(tmp_path / "data")
    kept.take([FIRST])
    assert kept.now == {FIRST}
