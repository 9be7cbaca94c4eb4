"""Which of the box's HDMI sockets is in use, and what is known of the TV there. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hardware.display.tv_state import Link, TvState
from hardware.vitals.tv import Tv

_BEST_FIRST = (
    TvState.ON,
    TvState.TRANSITION,
    TvState.STANDBY,
    TvState.UNKNOWN,
    TvState.NO_PEER,
    TvState.ERROR,
    TvState.NO_LINK,
)


@dataclass(frozen=True, slots=True)
class Socket:
    """One socket's control wire, and whether a picture is sent to it; None: nobody knows."""

    link: Link
    shows: bool | None = None


def in_use(sockets: Mapping[str, Socket]) -> frozenset[str]:
    """The names of those whose TV is spoken to.

    The one that the picture goes to; without that knowledge each that has told its address. While
    none has, all: a TV that hides its EDID may be at any.
    """
    addressed = {name: one for name, one in sockets.items() if one.link.addressed}
    showing = frozenset(name for name, one in addressed.items() if one.shows)
    return showing or frozenset(addressed) or frozenset(sockets)


def best_of(states: Iterable[TvState]) -> TvState:
    """What is told of several; without any there is no adapter."""
    return min(states, key=_BEST_FIRST.index, default=TvState.NO_ADAPTER)


def connector_of(name: str, numbers: tuple[int, int] | None, tvs: Iterable[Tv]) -> Tv | None:
    """The connector of the adapter `name` (``cec0``); None where there is none.

    By the `numbers` of its card and connector; a kernel that does not show those in sysfs has a
    Pi's two sockets in the order of its adapters: ``cec0`` is HDMI-A-1.
    """
    known = list(tvs)
    for one in known:
        if numbers is not None and one.numbers == numbers:
            return one
    socket = int(name.removeprefix("cec")) + 1 if name.removeprefix("cec").isdecimal() else 0
    unnumbered = [one for one in known if one.numbers is None and one.socket == socket]
    return unnumbered[0] if len(unnumbered) == 1 else None
