"""Reads a card as a Pi's boot loaders do, up to the script of U-Boot: apart from the product.

Its own small reader of FAT32, and what raspberrypi.com says of config.txt: filters by model, the
last value counts, ``os_prefix`` only where U-Boot and the board's tree are there.
"""

import struct
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

FILTERS = {"pi3": ("pi3",), "pi4": ("pi4",), "pi5": ("pi5",)}
TREES = {
    "pi3": "bcm2837-rpi-3-b.dtb",
    "pi4": "bcm2711-rpi-4-b.dtb",
    "pi5": "bcm2712-rpi-5-b.dtb",
}
LINE = 98
"""What is longer is cut off."""
DEFAULTS = {"pi3": ("start.elf", "fixup.dat"), "pi4": ("start4.elf", "fixup4.dat"), "pi5": ()}


class NoStartError(Exception):
    """The board would not start; says at which file."""


@dataclass(frozen=True, slots=True)
class Started:
    """What a board has taken: from which set, and every file's content."""

    prefix: str
    files: dict[str, bytes]


def start(card: Path, board: str, dispatcher: bytes) -> Started:
    """What `board` takes from the FAT file system `card`. Raises `NoStartError`."""
    with card.open("rb") as file:
        fat = _Fat(file)
        config = _settings(fat.must("config.txt").decode(errors="replace"), board)
        files = {"config.txt": fat.must("config.txt")}
        if board == "pi3":
            files["bootcode.bin"] = fat.must("bootcode.bin")
        for key, name in zip(("start_file", "fixup_file"), DEFAULTS[board], strict=False):
            named = config.get(key, name)
            base, _, extension = named.partition(".")
            # A Pi 4's EEPROM of before July 2022.
            if "/" in named or len(base) > 8 or len(extension) != 3:
                raise NoStartError(f"start_file or fixup_file is {named}")
            files[name] = fat.must(named)
        kernel, tree = config.get("kernel", "kernel8.img"), TREES[board]
        prefix = config.get("os_prefix", "")
        if fat.read(prefix + kernel) is None or fat.read(prefix + tree) is None:
            prefix = ""
        files[kernel] = fat.must(prefix + kernel)
        files[tree] = fat.must(prefix + tree)
        script = fat.must("boot.scr")
        if script == dispatcher:
            script = fat.must(f"{prefix}boot.scr" if prefix else "boot-0.scr")
        files["boot.scr"] = script
        files["board.env"] = fat.must(f"{prefix}board.env")
        return Started(prefix, files)


def people_s(card: Path, name: str) -> bytes | None:
    """A file of the topmost folder."""
    with card.open("rb") as file:
        return _Fat(file).read(name)


def _settings(text: str, board: str) -> dict[str, str]:
    found, passes = {}, True
    for line in text.splitlines():
        if line.startswith("["):
            name = line.strip("[] ")
            passes = name == "all" or name in FILTERS[board]
        elif passes and "=" in line and not line.startswith("#"):
            key, _, value = line[:LINE].partition("=")
            found[key] = value
    return found


class _Fat:
    """One FAT32 file system, read straight."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = self._at(0, 512)
        self._sectors, reserved, copies = struct.unpack_from("<BHB", head, 13)
        (size,) = struct.unpack_from("<I", head, 36)
        (self._root,) = struct.unpack_from("<I", head, 44)
        self._table = array("I", self._at(reserved * 512, size * 512))
        self._data = (reserved + copies * size) * 512

    def must(self, path: str) -> bytes:
        content = self.read(path)
        if content is None:
            raise NoStartError(f"no {path}")
        return content

    def read(self, path: str) -> bytes | None:
        *folders, name = path.split("/")
        cluster = self._root
        for folder in folders:
            found = self._find(cluster, folder)
            if found is None:
                return None
            cluster = found[0]
        found = self._find(cluster, name)
        if found is None:
            return None
        first, size = found
        content = self._chain(first) if first else b""
        if len(content) < size:
            raise NoStartError(f"{path} has {len(content)} of {size} bytes")
        return content[:size]

    def _find(self, folder: int, name: str) -> tuple[int, int] | None:
        long = ""
        listed = self._chain(folder)
        for at in range(0, len(listed), 32):
            slot = listed[at : at + 32]
            if slot[0] == 0:
                return None
            if slot[0] == 0xE5:
                long = ""
            elif slot[11] == 0x0F:
                piece = (slot[1:11] + slot[14:26] + slot[28:32]).decode("utf-16-le", "replace")
                long = piece + ("" if slot[0] & 0x40 else long)
            else:
                base, rest = slot[:8].decode("cp437").strip(), slot[8:11].decode("cp437").strip()
                short = f"{base}.{rest}" if rest else base
                if name.lower() in (short.lower(), long.partition("\0")[0].lower()):
                    high, low, size = struct.unpack_from("<H", slot, 20) + struct.unpack_from(
                        "<HI", slot, 26
                    )
                    return high << 16 | low, size
                long = ""
        return None

    def _chain(self, first: int) -> bytes:
        length = self._sectors * 512
        parts, begin, cluster = [], first, first
        for _ in range(len(self._table)):
            if not 2 <= cluster < len(self._table):
                raise NoStartError(f"a chain leads to cluster {cluster}")
            following = self._table[cluster] & 0x0FFFFFFF
            if following != cluster + 1:
                place = self._data + (begin - 2) * length
                parts.append(self._at(place, (cluster + 1 - begin) * length))
                begin = following
            cluster = following
            if cluster >= 0x0FFFFFF8:
                return b"".join(parts)
        raise NoStartError("a chain never ends")

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        content = self._file.read(size)
        if len(content) != size:
            raise NoStartError(f"nothing at {place}")
        return content
