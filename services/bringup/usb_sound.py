"""Sound cards on USB that record, and which of them are a camera's (kernel: sysfs, USB classes)."""

from pathlib import Path

from hardware.vitals.sysfs import entries, word

VIDEO_CLASS = "0e"
"""``bInterfaceClass`` of a camera (USB video class 1.5, appendix A)."""


def usb_microphones(root: Path) -> dict[str, bool]:
    """ALSA's names of the cards, each with whether its device is a camera as well."""
    found = {}
    for card in entries(root / "sys/class/sound"):
        if not card.name.startswith("card") or not _records(root, card.name):
            continue
        interface = (card / "device").resolve()
        if not (interface / "bInterfaceClass").exists():
            continue
        classes = {word(one / "bInterfaceClass") for one in entries(interface.parent)}
        found[word(card / "id") or card.name] = VIDEO_CLASS in classes
    return found


def _records(root: Path, card: str) -> bool:
    return any(
        entry.name.startswith("pcm") and entry.name.endswith("c")
        for entry in entries(root / "proc/asound" / card)
    )
