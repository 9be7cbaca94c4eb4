"""Does a slot hold what was written into it? Read after the fact, to say why it did not start."""

import hashlib
import zlib
from typing import BinaryIO

from services.slots.header import Root, SlotHeader

BLOCK_BYTES = 4096
DIGEST_BYTES = 32
CHUNK_BYTES = 1 << 20


def damage(slot: BinaryIO, header: SlotHeader) -> str:
    """The first part that is not as the header says, in words; "" where all is whole.

    Reads the whole slot. Raises `OSError` where the card cannot be read.
    """
    for name, part in header.parts.items():
        slot.seek(part.offset)
        if _crc(slot, part.size) != part.crc:
            return f"{name} is damaged: its CRC-32 is not the header's"
    return _root_damage(slot, header.root)


def _crc(slot: BinaryIO, size: int) -> int:
    crc = 0
    while size > 0 and (chunk := slot.read(min(size, CHUNK_BYTES))):
        crc = zlib.crc32(chunk, crc)
        size -= len(chunk)
    return crc


def _root_damage(slot: BinaryIO, root: Root) -> str:
    """dm-verity's tree (kernel: admin-guide/device-mapper/verity.rst), built anew and compared."""
    slot.seek(root.offset)
    leaves = bytearray()
    for _ in range(root.blocks):
        leaves += hashlib.sha256(root.salt + slot.read(BLOCK_BYTES)).digest()
    level = bytes(leaves)
    while len(level) > DIGEST_BYTES:
        level = _above(level, root.salt)
    if level == root.digest:
        return ""
    written = _lowest_level(slot, root)
    for number in range(root.blocks):
        place = slice(number * DIGEST_BYTES, (number + 1) * DIGEST_BYTES)
        if leaves[place] != written[place]:
            return f"root is damaged: block {number} of {root.blocks} is not the signed one"
    return "root is damaged: its tree of sums is not the signed one"


def _above(level: bytes, salt: bytes) -> bytes:
    blocks = (
        level[at : at + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
        for at in range(0, len(level), BLOCK_BYTES)
    )
    return b"".join(hashlib.sha256(salt + block).digest() for block in blocks)


def _lowest_level(slot: BinaryIO, root: Root) -> bytes:
    """The sums of the data blocks as written: the tree's last level on the disk."""
    sizes = [-(-root.blocks // (BLOCK_BYTES // DIGEST_BYTES))]
    while sizes[-1] > 1:
        sizes.append(-(-sizes[-1] // (BLOCK_BYTES // DIGEST_BYTES)))
    slot.seek(root.offset + (root.blocks + sum(sizes[1:])) * BLOCK_BYTES)
    return slot.read(sizes[0] * BLOCK_BYTES)
