"""A problem's detail: a short text from outside, whatever was put in."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.problem_causes import CAUSES, HANDS_WORDS, Hands, hands
from appliance.core.problems import KINDS, MAX_DETAIL_LENGTH, Problem, ProblemKey, worst_first

KEY = ProblemKey.MEETING_LEFT_OUT


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Giao ban tháng 11", "Giao ban tháng 11"),
        (" Giao\tban\r\ntháng\u00a011 ", "Giao ban tháng 11"),
        ("Giao\u200b\u202eban\x00\x1b[31m\ud800", "Giaoban[31m"),
        ("A" * 81, "A" * 79 + "…"),
        ("", ""),
    ],
)
def test_a_detail_is_one_line_of_printable_letters(text: str, detail: str) -> None:
    assert Problem(KEY, 1.0, text).detail == detail


@given(st.text(max_size=2000))
def test_no_text_from_outside_passes_its_bound(text: str) -> None:
    detail = Problem(KEY, detail=text).detail
    assert len(detail) <= MAX_DETAIL_LENGTH
    assert not any(category(letter).startswith("C") for letter in detail)
    assert Problem(KEY, detail=detail).detail == detail


def test_of_one_kind_the_oldest_stands_with_its_detail() -> None:
    one, other = Problem(KEY, 1.0, "first"), Problem(KEY, 2.0, "second")
    assert worst_first([other, one]) == (one,)
    assert one.code == "L5"


def test_each_problem_has_its_cause() -> None:
    assert set(CAUSES) == set(ProblemKey)
    assert set(HANDS_WORDS) == set(Hands)


def test_whose_hands_a_problem_needs() -> None:
    needs = {key: hands(kind) for key, kind in KINDS.items()}
    assert needs[ProblemKey.NETWORK_CABLE] is Hands.SITE
    assert needs[ProblemKey.CALL_LOST] is Hands.BOX
    assert needs[ProblemKey.TV_PROGRAM] is Hands.BOX
    assert needs[ProblemKey.SITE_FILE] is Hands.CENTRE
    assert {key for key, who in needs.items() if who is Hands.CENTRE} == {
        key for key, kind in KINDS.items() if kind.remedy.startswith("Call")
    }
