"""Edge trains as a real contact makes them: ideal presses, then bounce and glitches on top."""

from dataclasses import dataclass

from hypothesis import strategies as st

from hardware.gestures import Gesture

Edge = tuple[float, bool]
SLOT = 0.1  # at most one glitch in each slot, and no press or gap is shorter than one


@dataclass(frozen=True, slots=True)
class Train:
    """What the pin does, and what a person did; `ideal` was there first."""

    ideal: tuple[tuple[float, float], ...]  # (pressed at, for how long), seconds
    edges: tuple[Edge, ...]
    end: float

    @property
    def meant(self) -> list[Gesture]:
        """What each press means by its length alone."""
        meant: list[Gesture] = []
        for _, length in self.ideal:
            if length < 1.5:
                meant.append(Gesture.SHORT)
            else:
                meant.append(Gesture.LONG)
            if length > 5.0:
                meant.append(Gesture.HELD)
            if length > 30.0:
                meant += [Gesture.STUCK, Gesture.FREED]
            elif length > 1.5:
                meant.append(Gesture.RELEASED)
        return meant


def lengths(longest: float) -> st.SearchStrategy[float]:
    """Press lengths that leave no doubt: not within a bounce of 1.5 s, 5 s or 30 s."""
    kinds = [st.floats(SLOT, 0.4), st.floats(SLOT, 1.45), st.floats(1.55, 4.9), st.floats(5.1, 8.0)]
    if longest > 30.0:
        kinds.append(st.floats(30.1, longest))
    return st.one_of(kinds)


@st.composite
def trains(draw: st.DrawFn, longest: float = 60.0, presses: int = 6) -> Train:
    at = draw(st.floats(SLOT, 2.0))
    edges = noise(draw, 0.0, at, False)
    ideal = []
    for _ in range(draw(st.integers(0, presses))):
        length, gap = draw(lengths(longest)), draw(st.floats(SLOT, 2.0))
        ideal.append((at, length))
        edges += bounce(draw, at, True) + noise(draw, at, at + length, True)
        edges += bounce(draw, at + length, False)
        edges += noise(draw, at + length, at + length + gap, False)
        at += length + gap
    return Train(tuple(ideal), tuple(edges), at + SLOT)


def bounce(draw: st.DrawFn, at: float, to: bool) -> list[Edge]:
    """The contact reaches its new level after an even number of further edges within 10 ms."""
    offsets = draw(st.lists(st.floats(0.0, 0.01), max_size=8))
    offsets = sorted(offsets[: len(offsets) // 2 * 2])
    levels = [not to, to] * (len(offsets) // 2)
    return [(at, to), *((at + off, level) for off, level in zip(offsets, levels, strict=True))]


def noise(draw: st.DrawFn, begin: float, end: float, level: bool) -> list[Edge]:
    """Glitches of up to 20 ms, each in the second half of a slot."""
    slots = draw(st.sets(st.integers(0, int((end - begin) / SLOT + 1e-6) - 1), max_size=5))
    edges: list[Edge] = []
    for slot in sorted(slots):
        at = begin + slot * SLOT + 0.06
        edges += [(at, not level), (at + draw(st.floats(0.001, 0.02)), level)]
    return edges
