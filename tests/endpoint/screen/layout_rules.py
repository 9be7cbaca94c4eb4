"""Finds what is wrong with where the texts of a picture stand."""

from collections.abc import Iterator
from itertools import combinations

from services.endpoint.screen import Drawing
from services.endpoint.screen.paint.canvas import Drawn
from services.endpoint.screen.paint.geometry import Box


def layout_problems(
    drawing: Drawing, size: tuple[int, int], frames: tuple[Box, ...] = ()
) -> Iterator[str]:
    """Everything wrong with where things stand."""
    picture = Box(0, 0, *size)
    for one in drawn_text(drawing):
        if one.capital < size[1] / 30:
            yield f"{one.what!r}: its capitals are {one.capital:.1f} px high"
    for one in drawing.drawn:
        if not picture.holds(one.ink):
            yield f"{one.what!r} leaves the picture: {one.ink}"
        if not one.region.holds(one.ink):
            yield f"{one.what!r} leaves its place: {one.ink} in {one.region}"
        for frame in frames:
            if meet(frame, one.ink):
                yield f"{one.what!r} lies under the self-view"
    for one, other in combinations(drawing.drawn, 2):
        if meet(one.ink, other.ink):
            yield f"{one.what!r} and {other.what!r} lie on one another"


def drawn_text(drawing: Drawing) -> list[Drawn]:
    return [one for one in drawing.drawn if one.kind == "text"]


def meet(one: Box, other: Box) -> bool:
    """Whether the two share a pixel."""
    return (
        one.x < other.right
        and other.x < one.right
        and one.y < other.bottom
        and other.y < one.bottom
    )
