"""The file on the card: one line a check, one of three words in each, whatever a board says."""

from pathlib import Path

import pytest

from services.bringup.boot_file import NAME, UNFINISHED, CardError, write_in, write_on_card
from services.bringup.check import Check, Outcome, Result, When
from services.bringup.checklist import CHECKS
from services.bringup.report import MAX_OUTPUT, Line, lines, one_line, report
from services.bringup.seen import Seen


def split(content: bytes) -> list[list[str]]:
    """The columns of each line, as a Notepad would show them."""
    assert content.endswith(b"\r\n")
    return [line.split(" | ") for line in content.decode("utf-8-sig").split("\r\n")[:-1]]


def test_each_line_has_one_of_three_words_before_anything_was_asked() -> None:
    rows = split(report(lines(CHECKS, {}, Seen())))
    assert [row[0] for row in rows] == [f"{number:02d}" for number in range(1, len(CHECKS) + 1)]
    assert {row[1] for row in rows} == {Outcome.HANDS.value}


def test_each_line_has_one_of_three_words_whatever_the_box_said() -> None:
    hostile = "a | b\r\nc\x1b[2J \x00 " + "đ" * 1000
    rows = split(report(lines(CHECKS, dict.fromkeys(range(1, 45), hostile), Seen())))
    assert len(rows) == len(CHECKS)
    assert {row[1] for row in rows} <= {outcome.value for outcome in Outcome}
    assert {len(row) for row in rows} == {5}
    assert max(len(row[-1]) for row in rows) <= MAX_OUTPUT


def test_a_judge_that_stumbles_costs_its_own_line() -> None:
    def stumbles(output: str, seen: Seen) -> Result:
        return Result(Outcome.PASS, str(int(output) + seen.starts))

    check = Check(7, "Board", "uname", stumbles)
    (line,) = lines((check,), {7: "no number"}, Seen())
    assert line.result.outcome is Outcome.FAIL
    assert "no number" in line.result.detail


def test_a_line_is_read_by_people_of_two_languages() -> None:
    def person(output: str, seen: Seen) -> Result:
        del output, seen
        return Result(Outcome.HANDS)

    check = Check(16, "Edges of the picture", "", person, When.NEVER,
                  "Which of the three frames do you see whole?")  # fmt: skip
    told = one_line(Line(check, Result(Outcome.HANDS)))
    assert "Mép hình / Edges of the picture" in told
    assert "Thấy trọn những khung nào" in told


def test_the_numbers_of_the_lines_stay() -> None:
    assert [check.number for check in CHECKS] == list(range(1, len(CHECKS) + 1))


def test_the_former_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_in(b"one", tmp_path)
    # The plug was pulled while the second was written.
    (tmp_path / UNFINISHED).write_bytes(b"tw")
    assert (tmp_path / NAME).read_bytes() == b"one"
    write_in(b"three", tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"three"
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_a_card_that_takes_nothing_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(CardError, match=r"BRINGUP\.txt: Is a directory"):
        write_in(b"one", tmp_path)
    with pytest.raises(CardError, match="mount"):
        write_on_card(b"one", tmp_path / "no device", tmp_path / "place")
