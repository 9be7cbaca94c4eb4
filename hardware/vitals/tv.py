"""The TV as the kernel sees it: HDMI's hot-plug line and the EDID, with CEC's physical address.

Whether the TV is *on* and shows this input only CEC can say: `hardware.display` asks that.
"""

from dataclasses import dataclass
from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

CEA = 0x02
HDMI_OUI = bytes((0x03, 0x0C, 0x00))
VENDOR_BLOCK = 3
FALLBACK_NAME = "DIEM CAU"
"""The name in the EDID that this box makes up for a TV whose own cannot be read."""


@dataclass(frozen=True, slots=True)
class Tv:
    """One connector; ``physical_address`` "" where the EDID has none (HDMI 1.4, section 8.7)."""

    connected: bool
    answers: bool
    """Whether it tells what it is: it has an EDID, and not the one that this box made up."""
    name: str
    physical_address: str
    socket: int = 0
    """Its number: the kernel's ``HDMI-A-1`` is a Pi 4's HDMI0; 0 where it has none."""
    shows: bool = False
    """Whether a picture is sent to it."""
    numbers: tuple[int, int] | None = None
    """The kernel's numbers of its card and connector, by which a CEC adapter names it."""


def tvs(root: Path) -> tuple[Tv, ...]:
    """Every HDMI connector (kernel: ``/sys/class/drm/card*-HDMI-A-*``)."""
    return tuple(
        _tv(folder) for folder in entries(root / "sys/class/drm") if "-HDMI-" in folder.name
    )


def cec_devices(root: Path) -> tuple[str, ...]:
    """The CEC adapters, ``cec0``: a bus of the kernel's, not a class (``cec-core.c``)."""
    return tuple(entry.name for entry in entries(root / "sys/bus/cec/devices"))


def _tv(folder: Path) -> Tv:
    try:
        edid = (folder / "edid").read_bytes()
    except OSError:
        edid = b""
    connected = word(folder / "status") == "connected"
    name = display_name(edid)
    return Tv(
        connected,
        bool(edid) and name != FALLBACK_NAME,
        name,
        physical_address(edid),
        socket=int(number) if (number := folder.name.rpartition("-")[2]).isdecimal() else 0,
        shows=word(folder / "enabled") == "enabled",
        numbers=_numbers(folder),
    )


def _numbers(folder: Path) -> tuple[int, int] | None:
    """Of ``card1-HDMI-A-1`` and its attribute ``connector_id``."""
    card = folder.name.removeprefix("card").partition("-")[0]
    connector = whole(folder / "connector_id")
    return (int(card), connector) if card.isdecimal() and connector is not None else None


def display_name(edid: bytes) -> str:
    """The display product name (VESA E-EDID, descriptor tag FC); "" for none."""
    for at in (54, 72, 90, 108):
        block = edid[at : at + 18]
        if len(block) == 18 and block[:4] == b"\0\0\0\xfc":
            return block[5:].split(b"\n")[0].decode("cp437").strip()
    return ""


def physical_address(edid: bytes) -> str:
    """``1.0.0.0`` from the HDMI vendor block of the CTA-861 extension; "" for none."""
    for start in range(128, len(edid) - 127, 128):
        extension = edid[start : start + 128]
        if extension[0] != CEA:
            continue
        at, end = 4, min(extension[2], 127)
        while at < end:
            kind, length = extension[at] >> 5, extension[at] & 0x1F
            block = extension[at + 1 : at + 1 + length]
            if kind == VENDOR_BLOCK and block[:3] == HDMI_OUI and len(block) >= 5:
                return ".".join(f"{part:x}" for byte in block[3:5] for part in divmod(byte, 16))
            at += 1 + length
    return ""
