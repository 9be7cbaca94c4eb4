"""Slots and bundles for the emulated machine, made of the one slot that was built."""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

from services.slots.header import HEADER_BYTES
from services.slots.state import COPY_OFFSETS, BootState, newest
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT

SLOT_A = (4 + 64) * 2**20
SLOT_B = (4 + 64 + 640) * 2**20
"""Where the slots begin on the card, in bytes."""


def header(slot: Path) -> dict[str, str]:
    """The values of a slot's header."""
    with slot.open("rb") as file:
        entries = file.read(HEADER_BYTES)[4:].rstrip(b"\0").split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries)


def slot_with(out: Path, version: str, words: str = "") -> Path:
    """The built slot under another version, with more `words` on its kernel's command line."""
    shutil.copy(BUILD / "slot.img", out)
    values = header(out)
    values |= {"version": version, "root_args": f"{values['root_args']} {words}".rstrip()}
    write_header(out, values)
    return out


def write_header(slot: Path, values: dict[str, str]) -> None:
    """Give `slot` a header of these values, with its sum."""
    body = b"".join(f"{key}={value}\0".encode() for key, value in values.items())
    padded = body.ljust(HEADER_BYTES - 4, b"\0")
    with slot.open("r+b") as file:
        file.write(struct.pack("<I", zlib.crc32(padded)) + padded)


def put_into_a(card: Path, slot: Path) -> None:
    """The card as if it had been flashed with `slot`."""
    with card.open("r+b") as disk, slot.open("rb") as source:
        disk.seek(SLOT_A)
        shutil.copyfileobj(source, disk, 1 << 22)


def only_header(slot: Path) -> Path:
    """The same without what follows: enough for a bundle that is refused by its version."""
    with slot.open("r+b") as file:
        file.truncate(64 * HEADER_BYTES)
    return slot


def bundle(
    out: Path,
    slot: Path,
    version: str,
    *,
    compatible: str = "diemcau-arm64",
    keys: Path = BUILD / "keys",
) -> Path:
    """`slot` as a signed bundle."""
    words = [str(slot.relative_to(ROOT)), version, str(out.relative_to(ROOT)), compatible]
    done = subprocess.run(
        [ROOT / "image/bundle", *words], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
        env={"KEYS": str(keys.relative_to(ROOT)), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def put_into_b(card: Path, slot: Path) -> None:
    """The card as RAUC leaves it after an install of `slot`: B first, with all its attempts."""
    with card.open("r+b") as disk:
        disk.seek(SLOT_B)
        with slot.open("rb") as source:
            shutil.copyfileobj(source, disk, 1 << 22)
        copies = []
        for place in COPY_OFFSETS:
            disk.seek(place)
            copies.append(disk.read(512))
        present, older = newest((copies[0], copies[1]))
        after = present.with_primary("B")
        disk.seek(COPY_OFFSETS[older])
        disk.write(bytes(BootState(after.order, after.left, present.seq + 1)))


def spoil(card: Path, place: int) -> None:
    """Wear, or a torn write: one block of the card is not what was written."""
    with card.open("r+b") as disk:
        disk.seek(place)
        disk.write(b"\xff" * 4096)
