"""A text is wrapped, then made smaller, then cut: it never leaves its place and loses no word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.endpoint.screen.paint.fit import ELLIPSIS, block_height, fit
from services.endpoint.screen.paint.fonts import Weight, min_px, plain, width

TITLE = "Họp trực tuyến toàn tỉnh về phòng chống thiên tai"
WORDS = st.lists(
    st.text("aăâbdđeêghiklmnoôơpqrstuưvxyạẵỷWM.,", min_size=1, max_size=14), max_size=9
)


@settings(max_examples=60)
@given(
    WORDS, st.sampled_from(Weight), st.integers(20, 90), st.integers(8, 30),
    st.integers(60, 900), st.integers(1, 3),
)  # fmt: skip
def test_whatever_comes_fits_and_says_whether_it_is_whole(
    words: list[str], weight: Weight, px: int, least: int, across: int, lines: int
) -> None:
    text = " ".join(words)
    fitted = fit(text, weight, px, least, across, lines)
    assert len(fitted.lines) <= lines
    assert min(least, px) <= fitted.px <= px
    assert all(width(line, weight, fitted.px) <= across for line in fitted.lines)
    if fitted.whole:
        assert "".join(fitted.lines).replace(" ", "") == plain(text).replace(" ", "")
    else:
        assert fitted.px == min(least, px)
        assert fitted.lines[-1].endswith(ELLIPSIS)
        kept = "".join(fitted.lines).replace(" ", "").removesuffix(ELLIPSIS)
        assert plain(text).replace(" ", "").startswith(kept)


def test_it_is_no_smaller_than_it_has_to_be() -> None:
    assert fit(TITLE, Weight.BOLD, 60, 20, 4000).px == 60
    one = fit(TITLE, Weight.BOLD, 60, 20, 900)
    assert one.whole
    assert one.px < 60
    assert width(TITLE, Weight.BOLD, one.px + 2) > 900
    assert fit(TITLE, Weight.BOLD, 60, 20, 900, lines=2).px > one.px


def test_of_two_lines_none_is_left_with_a_single_short_word() -> None:
    fitted = fit(TITLE, Weight.REGULAR, 40, 20, width(TITLE, Weight.REGULAR, 40) - 10, lines=2)
    first, second = (width(line, Weight.REGULAR, 40) for line in fitted.lines)
    assert " ".join(fitted.lines) == TITLE
    assert abs(first - second) < 120


def test_a_word_that_is_wider_than_the_place_is_broken_and_keeps_its_letters() -> None:
    word = "m" * 40
    fitted = fit(word, Weight.REGULAR, 30, 30, 400, lines=9)
    assert fitted.whole
    assert "".join(fitted.lines) == word
    assert len(fitted.lines) > 1


def test_an_ellipsis_follows_a_word_and_no_comma_or_bracket() -> None:
    for text in ("Giao ban, " * 20, "Giao ban ( " * 20, "Giao ban – " * 20):
        (line,) = fit(text, Weight.REGULAR, 30, 30, 500).lines
        assert line[-2].isalpha(), line


def test_nothing_takes_no_room_and_a_height_grows_by_the_pitch() -> None:
    for text in ("", " \n", "\U0010fffe"):
        empty = fit(text, Weight.REGULAR, 30, 20, 100)
        assert (empty.lines, empty.height, empty.whole) == ((), 0, True)
    assert [block_height(lines, 100) for lines in (0, 1, 2, 3)] == [0, 137, 269, 401]


@pytest.mark.parametrize("height", [480, 720, 1080, 2160])
def test_the_smallest_font_has_capitals_of_a_thirtieth_and_no_pixel_more(height: int) -> None:
    px = min_px(height)
    assert px * 0.714 >= height / 30 > (px - 1) * 0.714
