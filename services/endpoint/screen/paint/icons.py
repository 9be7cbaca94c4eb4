"""The icons of the TV, each a few strokes on a field of 100 by 100, drawn large and made small."""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin

from PIL import Image, ImageDraw

_SMOOTH = 4
_Point = tuple[float, float]


class _Pen:
    """Strokes with round ends on a field of 100 by 100."""

    def __init__(self, side: int) -> None:
        self.mask = Image.new("L", (side * _SMOOTH, side * _SMOOTH))
        self._draw = ImageDraw.Draw(self.mask)
        self._k = side * _SMOOTH / 100

    def line(self, *points: _Point, wide: float = 8, ink: int = 255) -> None:
        at = [(x * self._k, y * self._k) for x, y in points]
        self._draw.line(at, fill=ink, width=round(wide * self._k), joint="curve")
        for x, y in points:
            self.dot(x, y, wide / 2, ink=ink)

    def dot(self, x: float, y: float, radius: float, *, ink: int = 255) -> None:
        self._draw.ellipse(self._box(x - radius, y - radius, x + radius, y + radius), fill=ink)

    def ring(self, x: float, y: float, radius: float, wide: float = 8) -> None:
        self.arc(x, y, radius, 0, 360, wide)

    def arc(
        self, x: float, y: float, radius: float, begin: float, end: float, wide: float = 8
    ) -> None:
        """From angle to angle clockwise, 0 at three o'clock; `radius` to the middle of the line."""
        out = radius + wide / 2
        box = self._box(x - out, y - out, x + out, y + out)
        self._draw.arc(box, begin, end, fill=255, width=round(wide * self._k))
        if end - begin < 360:
            for angle in (begin, end):
                turn = angle * pi / 180
                self.dot(x + radius * cos(turn), y + radius * sin(turn), wide / 2)

    def block(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        round_: float = 6,
        ink: int = 255,
    ) -> None:
        box = self._box(left, top, right, bottom)
        self._draw.rounded_rectangle(box, round_ * self._k, fill=ink)

    def frame(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        round_: float = 8,
        wide: float = 8,
    ) -> None:
        self.block(left, top, right, bottom, round_)
        self.block(left + wide, top + wide, right - wide, bottom - wide, round_ / 3, 0)

    def fill(self, *points: _Point, ink: int = 255) -> None:
        self._draw.polygon([(x * self._k, y * self._k) for x, y in points], fill=ink)

    def _box(self, *edges: float) -> tuple[float, float, float, float]:
        left, top, right, bottom = (edge * self._k for edge in edges)
        return left, top, right - 1, bottom - 1


def _microphone(pen: _Pen) -> None:
    pen.block(36, 8, 64, 60, 14)
    pen.arc(50, 46, 27, 0, 180, 8)
    pen.line((50, 76), (50, 90))
    pen.line((34, 91), (66, 91))


def _slash(pen: _Pen) -> None:
    pen.line((17, 9), (91, 83), wide=9, ink=0)
    pen.line((11, 15), (85, 89), wide=9)


def _microphone_off(pen: _Pen) -> None:
    _microphone(pen)
    _slash(pen)


def _hand(pen: _Pen) -> None:
    for x, top in ((33, 24), (46.5, 12), (60, 15), (73, 27)):
        pen.line((x, top), (x, 58), wide=10.5)
    pen.block(27.8, 50, 78.2, 84, 10)
    pen.block(34, 66, 72, 93, 16)
    pen.line((14.5, 55), (34, 79), wide=11)


def _network(pen: _Pen) -> None:
    pen.frame(36, 8, 64, 34, 6, 7)
    pen.frame(8, 66, 36, 92, 6, 7)
    pen.frame(64, 66, 92, 92, 6, 7)
    pen.line((50, 34), (50, 50), wide=7)
    pen.line((22, 64), (22, 50), (78, 50), (78, 64), wide=7)


def _network_off(pen: _Pen) -> None:
    _network(pen)
    _slash(pen)


def _agenda(pen: _Pen) -> None:
    pen.frame(12, 18, 88, 90, 10)
    pen.block(12, 18, 88, 40, 10)
    pen.line((32, 10), (32, 24))
    pen.line((68, 10), (68, 24))
    for x in (34, 50, 66):
        pen.dot(x, 56, 5)
    for x in (34, 50):
        pen.dot(x, 73, 5)


def _clock(pen: _Pen) -> None:
    pen.ring(50, 50, 38)
    pen.line((50, 28), (50, 52), (66, 62))


def _camera(pen: _Pen) -> None:
    pen.block(8, 26, 66, 76, 12)
    pen.fill((72, 46), (92, 32), (92, 70), (72, 56))
    pen.line((74, 47), (90, 35), (90, 67), (74, 55), (74, 47), wide=5)


def _camera_off(pen: _Pen) -> None:
    _camera(pen)
    _slash(pen)


def _sound(pen: _Pen) -> None:
    pen.fill((12, 38), (28, 38), (50, 18), (50, 82), (28, 62), (12, 62))
    pen.line((13, 40), (28, 40), (48, 22), (48, 78), (28, 60), (13, 60), (13, 40), wide=6)
    pen.arc(52, 50, 16, -45, 45)
    pen.arc(52, 50, 34, -45, 45)


def _tv(pen: _Pen) -> None:
    pen.frame(8, 16, 92, 74, 10)
    pen.line((50, 74), (50, 86))
    pen.line((32, 88), (68, 88))


def _meeting(pen: _Pen) -> None:
    pen.dot(50, 30, 15)
    pen.block(24, 52, 76, 92, 24)
    pen.block(20, 80, 80, 96, 0, 0)
    pen.dot(17, 40, 9.5)
    pen.dot(83, 40, 9.5)
    pen.arc(17, 74, 12, 180, 275, 9)
    pen.arc(83, 74, 12, 265, 360, 9)


def _person(pen: _Pen) -> None:
    pen.dot(50, 30, 18)
    pen.block(18, 56, 82, 120, 30)


def _box(pen: _Pen) -> None:
    pen.frame(22, 22, 78, 78, 8)
    pen.block(38, 38, 62, 62, 3)
    for at in (34, 50, 66):
        pen.line((at, 8), (at, 20), wide=6)
        pen.line((at, 80), (at, 92), wide=6)
        pen.line((8, at), (20, at), wide=6)
        pen.line((80, at), (92, at), wide=6)


def _warning(pen: _Pen) -> None:
    pen.fill((50, 14), (90, 84), (10, 84))
    pen.line((50, 14), (90, 84), (10, 84), (50, 14), wide=12)
    pen.line((50, 38), (50, 58), wide=9, ink=0)
    pen.dot(50, 73, 5.4, ink=0)


def _check(pen: _Pen) -> None:
    pen.line((18, 54), (41, 76), (82, 28), wide=12)


def _cross(pen: _Pen) -> None:
    pen.line((24, 24), (76, 76), wide=12)
    pen.line((76, 24), (24, 76), wide=12)


def _waiting(pen: _Pen) -> None:
    for x in (24, 50, 76):
        pen.dot(x, 50, 8)


def _running(pen: _Pen) -> None:
    pen.arc(50, 50, 34, -60, 200, 11)


def _join(pen: _Pen) -> None:
    pen.line((12, 50), (58, 50), wide=9)
    pen.line((42, 32), (60, 50), (42, 68), wide=9)
    pen.line((52, 14), (86, 14), (86, 86), (52, 86), wide=9)


def _leave(pen: _Pen) -> None:
    pen.line((40, 50), (88, 50), wide=9)
    pen.line((71, 32), (89, 50), (71, 68), wide=9)
    pen.line((52, 14), (14, 14), (14, 86), (52, 86), wide=9)


def _again(pen: _Pen) -> None:
    pen.arc(50, 50, 33, -20, 135, 9)
    pen.arc(50, 50, 33, 160, 315, 9)
    pen.fill((68, 33), (92, 12), (92, 44))
    pen.fill((32, 67), (8, 88), (8, 56))


def _no_address(pen: _Pen) -> None:
    pen.fill((24, 53), (76, 53), (50, 94))
    pen.dot(50, 38, 30)
    pen.arc(50, 32, 9, 170, 390, 7)
    pen.line((57, 37), (50, 44), wide=7)
    pen.dot(50, 38, 19, ink=0)
    pen.arc(50, 34, 8, 180, 385, 6)
    pen.line((56, 39), (50, 44), wide=6)
    pen.dot(50, 52, 3.6)


def _power(pen: _Pen) -> None:
    pen.arc(50, 54, 34, -50, 230, 10)
    pen.line((50, 10), (50, 46), wide=10)


def _button(pen: _Pen) -> None:
    pen.ring(50, 50, 40, 9)
    pen.dot(50, 50, 24)


def _phone(pen: _Pen) -> None:
    pen.frame(26, 4, 74, 96, 12, 8)
    pen.dot(50, 80, 5)
    pen.line((44, 15), (56, 15), wide=4)


def _bars(count: int) -> Callable[[_Pen], None]:
    def draw(pen: _Pen) -> None:
        for number in range(4):
            left = 6 + number * 24
            pen.block(left, 68 - number * 19, left + 16, 92, 4, 255 if number < count else 80)

    return draw


ICONS: dict[str, Callable[[_Pen], None]] = {
    "microphone": _microphone,
    "microphone-off": _microphone_off,
    "hand": _hand,
    "network": _network,
    "network-off": _network_off,
    "agenda": _agenda,
    "clock": _clock,
    "camera": _camera,
    "camera-off": _camera_off,
    "sound": _sound,
    "tv": _tv,
    "meeting": _meeting,
    "person": _person,
    "box": _box,
    "warning": _warning,
    "check": _check,
    "cross": _cross,
    "waiting": _waiting,
    "running": _running,
    "join": _join,
    "leave": _leave,
    "again": _again,
    "no-address": _no_address,
    "power": _power,
    "button": _button,
    "phone": _phone,
    "line-unknown": _bars(0),
    "line-good": _bars(4),
    "line-fair": _bars(2),
    "line-poor": _bars(1),
}


@lru_cache(maxsize=128)
def icon(name: str, side: int) -> Image.Image:
    """The mask of the icon `name`, `side` pixels high and wide; `KeyError` where there is none."""
    pen = _Pen(side)
    ICONS[name](pen)
    return pen.mask.reduce(_SMOOTH)
