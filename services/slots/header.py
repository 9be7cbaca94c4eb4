"""The first block of a slot: what lies behind it, where, and with which sums.

``image/recipe/slot.py`` writes it, U-Boot's script reads it with ``env import -c``.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

HEADER_BYTES = 4096
SECTOR_BYTES = 512
PARTS = ("kernel", "initrd")


@dataclass(frozen=True, slots=True)
class Part:
    """Kernel or initramfs: where it lies in the slot, in bytes, and its CRC-32."""

    offset: int
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Root:
    """The squashfs and the dm-verity tree behind it (format 1, SHA-256, no superblock)."""

    offset: int
    """In bytes from the slot's beginning."""
    blocks: int
    """Of data, 4 KiB each; the tree begins after them."""
    digest: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class SlotHeader:
    """One release as it lies in a slot."""

    version: str
    parts: Mapping[str, Part]
    root: Root


def read_header(slot: BinaryIO) -> SlotHeader | None:
    """The header at the beginning of `slot`; None where there is none, or not a whole one."""
    slot.seek(0)
    block = slot.read(HEADER_BYTES)
    if len(block) != HEADER_BYTES or struct.unpack("<I", block[:4])[0] != zlib.crc32(block[4:]):
        return None
    pairs = (entry.partition(b"=") for entry in block[4:].split(b"\0") if entry)
    values = {
        key.decode(errors="replace"): value.decode(errors="replace") for key, _, value in pairs
    }
    try:
        parts = {name: _part(values, name) for name in PARTS}
        return SlotHeader(values["version"], parts, _root(values["root_args"]))
    except (KeyError, ValueError, IndexError):
        return None


def _part(values: Mapping[str, str], name: str) -> Part:
    sector, size, crc = (int(values[f"{name}_{word}"], 16) for word in ("sector", "size", "crc"))
    return Part(sector * SECTOR_BYTES, size, crc)


def _root(arguments: str) -> Root:
    words = [word for word in arguments.split() if word.startswith("diemcau.root=")]
    sector, _, blocks, digest, salt = words[0].partition("=")[2].split(",")
    return Root(int(sector) * SECTOR_BYTES, int(blocks), bytes.fromhex(digest), bytes.fromhex(salt))
