"""Boxes on a picture, and the one grid that every face keeps: 720 units high, whatever the size."""

from dataclasses import dataclass

UNITS = 720


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; `right` and `bottom` lie just outside."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column right of it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.height

    def holds(self, other: "Box") -> bool:
        """Whether `other` lies wholly inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def inset(self, across: int, down: int | None = None) -> "Box":
        """The box with a border of this many pixels taken away."""
        down = across if down is None else down
        return Box(self.x + across, self.y + down, self.width - 2 * across, self.height - 2 * down)

    def moved(self, x: int, y: int) -> "Box":
        """The same size, `x` to the right and `y` down."""
        return Box(self.x + x, self.y + y, self.width, self.height)

    def even(self) -> "Box":
        """The smallest box around it on even pixels, so that 4:2:0 colour is not split."""
        x, y = self.x // 2 * 2, self.y // 2 * 2
        return Box(x, y, (self.right - x + 1) // 2 * 2, (self.bottom - y + 1) // 2 * 2)


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture's size, and how many pixels a unit is."""

    width: int
    height: int

    def px(self, units: float) -> int:
        """`units` of 1/720 of the height in whole pixels."""
        return round(units * self.height / UNITS)

    @property
    def across(self) -> float:
        """The width in units: 1280 at 16:9."""
        return self.width * UNITS / self.height

    def box(self, x: float, y: float, width: float, height: float) -> Box:
        """A box given in units; a negative `x` or `y` counts from the right or the bottom."""
        x = x + self.across if x < 0 else x
        y = y + UNITS if y < 0 else y
        left, top = self.px(x), self.px(y)
        return Box(left, top, self.px(x + width) - left, self.px(y + height) - top)
