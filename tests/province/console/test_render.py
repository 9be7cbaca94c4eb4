"""Texts of both languages on a page: what sites say is never markup and never a form to fill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from services.province.console.render import bilingual, both, duration, reason, remedy
from services.province.fleet.readiness import SILENT, SILENT_REMEDY, Reason

EVIL = '<script>alert("{age}")</script> {0} {x.__class__} %s'


def test_english_stands_small_beside_where_it_is_another() -> None:
    assert str(bilingual("Im lặng", "silent")) == 'Im lặng <small lang="en">silent</small>'
    assert str(bilingual("TV", "TV")) == str(bilingual("TV", "")) == "TV"
    assert str(both("There is no meeting {value}.", value="<7>")).count("&lt;7&gt;") == 2


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_a_site_says_is_shown_as_it_is(vi: str, en: str) -> None:
    shown = str(reason(Reason(vi, vi, text_en=en, remedy_en=en)))
    assert shown.startswith(str(escape(vi)))
    without = shown.replace('<small lang="en">', "").replace("</small>", "")
    assert "<" not in without


def test_braces_and_tags_of_a_site_harm_nothing() -> None:
    for one in (Reason(EVIL, EVIL), Reason("Hỏng", "Gọi", text_en=EVIL, remedy_en=EVIL)):
        for shown in (str(reason(one)), str(remedy(one))):
            assert "<script>" not in shown
            assert "{x.__class__}" in shown


def test_our_own_text_is_filled_with_each_language_s_age() -> None:
    shown = str(reason(Reason(SILENT, SILENT_REMEDY, age_s=185.0)))
    assert "3 phút" in shown.partition("<small")[0]
    assert "3 minutes" in shown.partition("<small")[2]
    assert "{age}" not in shown


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "0 giây"), (-9.0, "0 giây"), (59.9, "59 giây"), (60.0, "1 phút"), (3599.9, "59 phút"),
     (3600.0, "1 giờ"), (86_399.0, "23 giờ"), (86_400.0, "1 ngày"), (9e5, "10 ngày")],
)  # fmt: skip
def test_an_age_is_never_more_than_it_is(seconds: float | None, told: str) -> None:
    assert duration(seconds) == told
