"""Sound cards that capture, and those that play (kernel: sound/designs/procfile.rst)."""

import re
from pathlib import Path

from hardware.vitals.sysfs import entries, word

_CARD = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: (.+)$", re.MULTILINE)


def microphones(root: Path) -> tuple[str, ...]:
    """The names of cards that can capture."""
    return _cards(root, "c")


def loudspeakers(root: Path) -> tuple[str, ...]:
    """The names of cards that can play: the TV's at each HDMI socket that has sound, and USB's."""
    return _cards(root, "p")


def usb_loudspeakers(root: Path) -> tuple[str, ...]:
    """ALSA's names of the cards on USB that can play, in the kernel's order.

    A speakerphone is among them by the name that udev gave it as a microphone: it is one card.
    """
    sound = root / "proc/asound"
    return tuple(
        name
        for number, name, _ in _CARD.findall(word(sound / "cards") or "")
        if (sound / f"card{number}/usbid").exists() and _can(sound / f"card{number}", "p")
    )


def _cards(root: Path, direction: str) -> tuple[str, ...]:
    sound = root / "proc/asound"
    return tuple(
        name.strip()
        for number, _, name in _CARD.findall(word(sound / "cards") or "")
        if _can(sound / f"card{number}", direction)
    )


def _can(card: Path, direction: str) -> bool:
    return any(re.fullmatch(rf"pcm\d+{direction}", entry.name) for entry in entries(card))
