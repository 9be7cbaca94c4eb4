"""Whole slots as the recipe writes them, of random parts: an older and a newer release."""

import hashlib
import random
from pathlib import Path

from image.recipe.slot import main as write_slot

BLOCKS = 300
SALT = bytes.fromhex("11" * 32)
NEWER, OLDER = "0.2.0+202611280000", "0.1.9+202611290000"


def tree(data: bytes) -> tuple[bytes, bytes]:
    """The sums above `data` from the top down, and their root: three levels by hand."""

    def sums(level: bytes) -> bytes:
        digests = [
            hashlib.sha256(SALT + level[at : at + 4096]).digest()
            for at in range(0, len(level), 4096)
        ]
        return b"".join(digests).ljust(-(-len(digests) * 32 // 4096) * 4096, b"\0")

    lowest = sums(data)
    top = sums(lowest)
    return top + lowest, hashlib.sha256(SALT + top).digest()


def slot_bytes(folder: Path, version: str = NEWER) -> bytes:
    """A slot as the recipe writes it, of random parts."""
    chance = random.Random(3)
    data = chance.randbytes(BLOCKS * 4096)
    above, root = tree(data)
    for name, content in (
        ("kernel", chance.randbytes(10_000)),
        ("initrd", chance.randbytes(5_000)),
        ("root", data + above),
    ):
        (folder / name).write_bytes(content)
    parts = [str(folder / name) for name in ("kernel", "initrd", "root")]
    write_slot(str(folder / "slot"), version, *parts, str(BLOCKS), root.hex(), SALT.hex())
    return (folder / "slot").read_bytes()
