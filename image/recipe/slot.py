"""Writes one slot: a header that U-Boot's `env import -c` reads, kernel, initramfs, root."""

import struct
import sys
import zlib
from pathlib import Path

HEADER = 4096
BLOCK = 4096
SECTOR = 512


def environment(values: dict[str, str], size: int) -> bytes:
    """U-Boot's environment of `size` bytes: CRC-32 of the rest, ``key=value`` each with a zero."""
    body = b"".join(f"{key}={value}\0".encode() for key, value in values.items())
    padded = body.ljust(size - 4, b"\0")
    if len(padded) != size - 4:
        raise SystemExit(f"slot: header of {len(body)} bytes does not fit into {size}")
    return struct.pack("<I", zlib.crc32(padded)) + padded


def main(
    out: str, version: str, kernel: str, initrd: str, root: str, blocks: str, *verity: str
) -> None:
    """Put the parts together; numbers in the header are hexadecimal, as U-Boot takes them."""
    contents = [Path(name).read_bytes() for name in (kernel, initrd)]
    values: dict[str, str] = {"version": version}
    at = HEADER
    for name, content in zip(("kernel", "initrd"), contents, strict=True):
        length = -(-len(content) // BLOCK) * BLOCK
        crc = zlib.crc32(content)
        # Of the boards' U-Boots one leaves a sum's first byte first in memory, one its last.
        (swapped,) = struct.unpack("<I", struct.pack(">I", crc))
        values |= {
            f"{name}_sector": f"{at // SECTOR:x}",
            f"{name}_sectors": f"{length // SECTOR:x}",
            f"{name}_size": f"{len(content):x}",
            f"{name}_crc": f"{crc:x}",
            f"{name}_crc_swapped": f"{swapped:x}",
        }
        at += length
    whole = Path(root).stat().st_size
    values["root_args"] = (
        f"diemcau.root={at // SECTOR},{whole // SECTOR},{blocks},{','.join(verity)}"
    )
    with Path(out).open("wb") as file:
        file.write(environment(values, HEADER))
        for content in contents:
            file.write(content)
            file.write(bytes(-len(content) % BLOCK))
        with Path(root).open("rb") as source:
            while chunk := source.read(1 << 22):
                file.write(chunk)


if __name__ == "__main__":
    main(*sys.argv[1:])
