"""The formats, sizes and rates that a camera offers (kernel: V4L2, VIDIOC_ENUM_*)."""

import struct
from collections.abc import Iterator
from pathlib import Path

from hardware.vitals.sysfs import entries, word
from services.bringup.probes.ioctls import READ, WRITE, Ioctl, answers_of, request

CAPABILITIES = request(READ, "V", 0, 104)
FORMAT = request(READ | WRITE, "V", 2, 64)
FRAME_SIZE = request(READ | WRITE, "V", 74, 44)
FRAME_INTERVAL = request(READ | WRITE, "V", 75, 52)
VIDEO_CAPTURE = 1
DISCRETE = 1
MAX_ENTRIES = 64
"""Of one list; a driver that never says that it is at its end is left alone."""
TOLD_SIZES = ((1920, 1080), (1280, 720), (640, 480))
"""A camera has dozens."""


def cameras(root: Path, devices: Path) -> str:
    """A line for each camera: its device, its name, and what it offers; in words where none is."""
    nodes = [
        node
        for node in entries(root / "sys/class/video4linux")
        if node.name.startswith("video") and (word(node / "index") or "0") == "0"
    ]
    names = {node.name: word(node / "name") or "" for node in nodes}

    def tell(ask: Ioctl, node: str) -> str:
        if not captures(ask):
            return ""
        return f"{names[node]}: {' '.join(offers(ask)) or 'no format'}"

    return "\n".join(answers_of([devices / name for name in names], tell)) or "no camera"


def captures(ask: Ioctl) -> bool:
    """Whether the node itself gives pictures; the Pi's own encoders are video devices, too."""
    structure = bytearray(104)
    ask(CAPABILITIES, structure)
    (of_device,) = struct.unpack_from("<I", structure, 88)
    return bool(of_device & VIDEO_CAPTURE)


def offers(ask: Ioctl) -> Iterator[str]:
    """``MJPG 1280x720@30``, the highest rate of each format and of `TOLD_SIZES`."""
    for index in range(MAX_ENTRIES):
        structure = bytearray(64)
        struct.pack_into("<II", structure, 0, index, VIDEO_CAPTURE)
        if not _there(ask, FORMAT, structure):
            return
        code = bytes(structure[44:48])
        for size in TOLD_SIZES:
            if size in set(_sizes(ask, code)) and (rate := _rate(ask, code, size)):
                name = code.decode("latin-1")
                yield f"{name} {size[0]}x{size[1]}@{rate:g}"


def _sizes(ask: Ioctl, code: bytes) -> Iterator[tuple[int, int]]:
    for index in range(MAX_ENTRIES):
        structure = bytearray(44)
        struct.pack_into("<I4s", structure, 0, index, code)
        if not _there(ask, FRAME_SIZE, structure):
            return
        kind, width, height = struct.unpack_from("<III", structure, 8)
        if kind == DISCRETE:
            yield width, height


def _rate(ask: Ioctl, code: bytes, size: tuple[int, int]) -> float:
    best = 0.0
    for index in range(MAX_ENTRIES):
        structure = bytearray(52)
        struct.pack_into("<I4sII", structure, 0, index, code, *size)
        if not _there(ask, FRAME_INTERVAL, structure):
            break
        kind, numerator, denominator = struct.unpack_from("<III", structure, 16)
        if kind == DISCRETE and numerator:
            best = max(best, denominator / numerator)
    return best


def _there(ask: Ioctl, number: int, structure: bytearray) -> bool:
    try:
        ask(number, structure)
    except OSError:  # EINVAL: the list is at its end; ENOTTY: there is none
        return False
    return True
