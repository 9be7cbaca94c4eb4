"""Pages are legible from five metres: every text fits, in both languages."""

import numpy as np
import pytest

from appliance.base.texts import text
from services.bringup.check import Outcome
from services.bringup.checklist import CHECKS
from services.bringup.pages import (
    COLOURS,
    DO_EN_PX,
    DO_PX,
    EDGE,
    LINE_PX,
    LINES_A_PAGE,
    MAX_DO_LINES,
    SIZE,
    WIDE,
    WORDS,
    YELLOW,
    font,
    frames,
    page,
    wrapped,
)
from services.bringup.program import WAIT
from services.bringup.report import lines
from services.bringup.seen import Seen
from services.bringup.steps import STEPS


@pytest.mark.parametrize("do", [WAIT, *(step.text for step in STEPS)])
def test_what_to_do_fits_above_the_lines(do: str) -> None:
    vi, en = wrapped(text("vi")(do), DO_PX, bold=True), wrapped(text("en")(do), DO_EN_PX)
    assert len(vi) <= MAX_DO_LINES
    assert len(en) <= 2
    below = 36 + 44 + 62 * len(vi) + 38 * len(en)
    assert below <= SIZE[1] - 36 - LINES_A_PAGE * 56


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.number))
def test_the_name_of_a_line_leaves_room_for_its_word(check: object) -> None:
    name = next(one.name for one in CHECKS if one is check)
    longest = max(font(LINE_PX, bold=True).getlength(text("vi")(word)) for word in WORDS.values())
    assert font(LINE_PX).getlength(text("vi")(name)) + 70 + 30 + longest <= WIDE


def test_each_word_has_its_colour_and_the_edges_stay_free() -> None:
    told = lines(CHECKS, {1: "IMAGE_VERSION=1", 6: ""}, Seen())[:LINES_A_PAGE]
    outcomes = {line.result.outcome for line in told}
    assert outcomes == set(Outcome)
    picture = page(STEPS[8].text, "9/23", 40.0, told)
    assert picture.size == SIZE
    colours = {colour for _, colour in picture.getcolors(1 << 20) or []}
    assert {COLOURS[outcome] for outcome in outcomes} <= colours
    points = np.asarray(picture)
    inner = points[30 : SIZE[1] - 30, EDGE - 4 : SIZE[0] - EDGE + 4]
    outer = points.copy()
    outer[30 : SIZE[1] - 30, EDGE - 4 : SIZE[0] - EDGE + 4] = points[0, 0]
    assert (outer == points[0, 0]).all()
    assert not (inner == points[0, 0]).all()


def test_the_frames_are_one_pixel_at_nothing_two_and_five_percent() -> None:
    points = np.asarray(frames(STEPS[0].text))
    row = [x for x in range(SIZE[0]) if tuple(points[SIZE[1] - 100, x]) == YELLOW]
    assert row == [0, 25, 64, 1215, 1254, 1279]
    column = [y for y in range(SIZE[1]) if tuple(points[y, SIZE[0] // 2]) == YELLOW]
    assert column == [0, 14, 36, 683, 705, 719]
