"""Which sound card leads to the TV that shows the picture: each HDMI socket of a Pi has its own.

udev names them ``tv`` (the socket beside the power) and ``tv2`` (``61-diemcau.rules``); they are
HDMI-A-1 and HDMI-A-2 of the kernel's display driver. A Pi 5 under Debian's kernel has neither:
there a loudspeaker or speakerphone on USB is heard in the TV's place.
"""

from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sound import usb_loudspeakers
from hardware.vitals.sysfs import entries
from hardware.vitals.tv import tvs

CARDS = {1: "tv", 2: "tv2"}
"""ALSA's names by the number of the socket."""


@dataclass(frozen=True, slots=True)
class SoundPath:
    """Where the TV's sound goes."""

    device: str = ""
    """ALSA's name; "" for its default."""
    cards: frozenset[str] = frozenset()
    """The names of the sound cards that are there."""


class TvSound:
    """Answers where the sound belongs now; remembers it for while no TV is plugged in."""

    def __init__(self, root: Path, *, by_usb: bool = False) -> None:
        """`root` is ``/``, in tests a folder; `by_usb` where the board's TV has no sound.

        On other boards a card on USB is never taken: at power-on it may be there before HDMI's.
        """
        self._root = root
        self._by_usb = by_usb
        self._card = ""

    def __call__(self) -> SoundPath:
        """Follow the only TV that is plugged in; of two, the one that shows the picture.

        A TV in standby may take its line away: without any TV the answer stays as it was.
        """
        cards = frozenset(
            entry.name for entry in entries(self._root / "proc/asound") if entry.is_symlink()
        )
        plugged = [one for one in tvs(self._root) if one.connected]
        if len(plugged) > 1:
            plugged = [one for one in plugged if one.shows]
        if len(plugged) == 1:
            self._card = CARDS.get(plugged[0].socket, "")
        device = f"sysdefault:CARD={self._card}" if self._card in cards else ""
        if self._by_usb and cards.isdisjoint(CARDS.values()):
            heard = usb_loudspeakers(self._root)
            device = f"sysdefault:CARD={heard[0]}" if heard else ""
        return SoundPath(device, cards)
