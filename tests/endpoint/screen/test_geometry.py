"""Boxes on pixels and the grid of 720 units: nothing overlaps, leaves its frame or is split."""

from hypothesis import given
from hypothesis import strategies as st

from services.endpoint.screen.paint.geometry import UNITS, Box, Grid

BOXES = st.builds(
    Box, st.integers(-50, 4000), st.integers(-50, 4000), st.integers(0, 4000), st.integers(0, 4000)
)


@given(BOXES)
def test_the_even_box_is_the_smallest_around_it(box: Box) -> None:
    even = box.even()
    assert even.holds(box)
    assert [side % 2 for side in (even.x, even.y, even.width, even.height)] == [0, 0, 0, 0]
    assert 0 <= box.x - even.x <= 1
    assert 0 <= box.y - even.y <= 1
    assert 0 <= even.right - box.right <= 1
    assert 0 <= even.bottom - box.bottom <= 1
    assert even.even() == even


@given(BOXES, st.integers(-9, 9), st.integers(-9, 9))
def test_a_box_moved_there_and_back_is_the_same(box: Box, x: int, y: int) -> None:
    moved = box.moved(x, y)
    assert (moved.x, moved.y) == (box.x + x, box.y + y)
    assert moved.moved(-x, -y) == box
    assert box.holds(moved) == ((x, y) == (0, 0))


def test_a_border_is_taken_away_on_both_sides() -> None:
    box = Box(10, 20, 100, 60)
    assert box.inset(5) == Box(15, 25, 90, 50)
    assert box.inset(5, 0) == Box(15, 20, 90, 60)
    assert (box.right, box.bottom) == (110, 80)
    assert box.holds(box.inset(1))
    assert not box.inset(1).holds(box)


@given(st.sampled_from([360, 480, 720, 1080, 2160]), st.integers(0, 600), st.integers(1, 100))
def test_what_is_side_by_side_in_units_touches_in_pixels(height: int, x: int, width: int) -> None:
    """No gap and no pixel of both, whatever the size rounds to."""
    grid = Grid(height * 16 // 9, height)
    left, right = grid.box(x, x, width, width), grid.box(x + width, x + width, width, width)
    assert left.right == right.x
    assert left.bottom == right.y


def test_negative_units_count_from_the_far_edges() -> None:
    grid = Grid(1920, 1080)
    assert grid.across == 1280.0
    assert grid.px(UNITS) == 1080
    assert grid.box(-100, -40, 100, 40) == Box(1770, 1020, 150, 60)
    assert Grid(1024, 768).box(-60, -60, 60, 60) == Box(960, 704, 64, 64)
