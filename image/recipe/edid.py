"""Writes the EDID that stands in for a TV's own where that cannot be read: 1280x720 with sound.

Without any EDID the kernel takes a screen for DVI: 1024x768 and not a sound. What is claimed here
every HDMI TV has: VIC 4 (CTA-861) and two channels of PCM.

Sources: VESA E-EDID 1.3 (base block), CTA-861-G sections 7.3 to 7.5 (the extension), HDMI 1.4
section 8.3.2 (vendor block). `edid-decode --check` finds no fault with it
(`tests/image/test_edid.py`).
"""

import sys
from pathlib import Path

from hardware.vitals.tv import FALLBACK_NAME

BLOCK_BYTES = 128
CLOCK = 7425
"""Pixel clock of 1280x720 at 60 Hz, in 10 kHz."""
ACROSS, ACROSS_BLANK, ACROSS_FRONT, ACROSS_SYNC = 1280, 370, 110, 40
DOWN, DOWN_BLANK, DOWN_FRONT, DOWN_SYNC = 720, 30, 5, 5
SIZE_MM = (930, 523)
"""Of a TV of 42 inches."""


def timing() -> bytes:
    """1280x720 at 60 Hz as a detailed timing descriptor, both sync pulses positive."""
    wide, high = SIZE_MM
    return bytes(
        [
            *CLOCK.to_bytes(2, "little"),
            ACROSS & 255, ACROSS_BLANK & 255, ACROSS >> 8 << 4 | ACROSS_BLANK >> 8,
            DOWN & 255, DOWN_BLANK & 255, DOWN >> 8 << 4 | DOWN_BLANK >> 8,
            ACROSS_FRONT, ACROSS_SYNC, DOWN_FRONT << 4 | DOWN_SYNC, 0,
            wide & 255, high & 255, wide >> 8 << 4 | high >> 8, 0, 0, 0x1E,
        ]
    )  # fmt: skip


def base() -> bytes:
    """Block 0, without its sum."""
    name = f"{FALLBACK_NAME}\n".encode().ljust(13, b" ")
    maker = sum(
        (ord(letter) - 64) << shift for letter, shift in zip("DMC", (10, 5, 0), strict=True)
    )
    srgb = bytes((0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54))
    return b"".join(
        (
            bytes((0, 255, 255, 255, 255, 255, 255, 0)),
            maker.to_bytes(2, "big") + bytes(6) + bytes((1, 36)),  # week 1 of 2026
            bytes((1, 3)),
            bytes((0x80, SIZE_MM[0] // 10, SIZE_MM[1] // 10, 120, 0x0E)),
            srgb,
            bytes((0x20, 0, 0)),  # established timings: 640x480 at 60 Hz
            bytes((1, 1)) * 8,  # no standard timings
            timing(),
            bytes((0, 0, 0, 0xFC, 0)) + name,
            # Range limits: 59 to 61 Hz, 31 to 46 kHz, up to 80 MHz.
            bytes((0, 0, 0, 0xFD, 0, 59, 61, 31, 46, 8, 0, 0x0A)) + b" " * 6,
            bytes((0, 0, 0, 0x10)) + bytes(14),
            bytes((1,)),
        )
    )


def extension() -> bytes:
    """The CTA-861 block, without its sum: picture, sound, loudspeakers, HDMI."""
    data = b"".join(
        (
            bytes((2 << 5 | 2, 4, 1)),  # VIC 4 and 640x480
            bytes((1 << 5 | 3, 1 << 3 | 1, 0b111, 0b001)),  # PCM, 2 channels, to 48 kHz, 16 bit
            bytes((4 << 5 | 3, 1, 0, 0)),  # front left and right
            bytes((3 << 5 | 5, 0x03, 0x0C, 0x00, 0x10, 0x00)),  # HDMI, address 1.0.0.0
            bytes((7 << 5 | 2, 0, 0x4A)),  # video capability: RGB range as told, edges kept
        )
    )
    head = bytes((2, 3, 4 + len(data), 0xC0 | 1))  # underscan, sound, one native timing
    return (head + data + timing()).ljust(BLOCK_BYTES - 1, b"\0")


def edid() -> bytes:
    """Both blocks, each with the byte that makes its sum 0."""
    return b"".join(block + bytes((-sum(block) % 256,)) for block in (base(), extension()))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(edid())
