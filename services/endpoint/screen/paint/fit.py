"""Makes a text fit a place: wrap, then shrink, then, at the smallest size allowed, an ellipsis."""

from dataclasses import dataclass
from functools import lru_cache

from services.endpoint.screen.paint.fonts import ASCENT, DESCENT, PITCH, Weight, plain, width

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines that fit, and the font's size in pixels at which they do."""

    lines: tuple[str, ...]
    px: int
    whole: bool  # False: an ellipsis stands for the rest

    @property
    def height(self) -> int:
        """The height of the block, in pixels."""
        return block_height(len(self.lines), self.px)


def block_height(lines: int, px: int) -> int:
    """The room that so many lines take, stacked diacritics above and tails below included."""
    return int((ASCENT + DESCENT + PITCH * (lines - 1)) * px + 0.999) if lines else 0


@lru_cache(maxsize=512)
def fit(text: str, weight: Weight, px: int, min_px: int, across: int, lines: int = 1) -> Fitted:
    """`text` in at most `lines` lines of `across` pixels, from `px` down to `min_px`."""
    text = plain(text)
    if not text:
        return Fitted((), px, True)
    min_px = min(min_px, px)
    size = px
    while True:
        wrapped = _wrap(text, weight, size, across)
        if len(wrapped) <= lines:
            return Fitted(_balanced(text, weight, size, across, wrapped), size, True)
        if size == min_px:
            kept = wrapped[: lines - 1]
            rest = " ".join(wrapped[lines - 1 :])
            return Fitted((*kept, _shortened(rest, weight, size, across)), size, False)
        size = max(min_px, size - max(1, size // 24))


def _wrap(text: str, weight: Weight, px: int, across: int) -> tuple[str, ...]:
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, weight, px) <= across:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line, weight, px) > across and len(line) > 1:
            head = _head(line, weight, px, across)
            lines.append(head)
            line = line[len(head) :]
    return (*lines, line) if line else tuple(lines)


def _head(word: str, weight: Weight, px: int, across: int) -> str:
    """As much of a word that is too long by itself as fits, one letter at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(word[:middle], weight, px) <= across:
            low = middle
        else:
            high = middle - 1
    return word[:low]


def _balanced(
    text: str, weight: Weight, px: int, across: int, wrapped: tuple[str, ...]
) -> tuple[str, ...]:
    """The same number of lines with no short last one: the narrowest column that keeps it."""
    if len(wrapped) == 1 or any(
        part not in text.split(" ") for part in " ".join(wrapped).split(" ")
    ):
        return wrapped
    low, high = max(width(word, weight, px) for word in text.split(" ")), across
    while low < high:
        middle = (low + high) // 2
        if len(_wrap(text, weight, px, middle)) <= len(wrapped):
            high = middle
        else:
            low = middle + 1
    return _wrap(text, weight, px, high)


def _shortened(text: str, weight: Weight, px: int, across: int) -> str:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + ELLIPSIS, weight, px) <= across:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" ,.–-(") + ELLIPSIS
