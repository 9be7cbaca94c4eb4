"""One set of what starts a Pi up to the slot, and how it lies on the card's boot partition.

A release brings it in its root (``/usr/lib/diemcau/boot``). The flashed card has a set in its root
folder, which nobody ever touches; a renewal lays its own beside it, as set ``a`` or ``b`` in turn,
and one file says which is in force: ``config.txt``. How the boot loaders read that
(raspberrypi.com, config.txt; names in capitals are sections there):

* ``start_file``, ``fixup_file``: by a Pi 4's EEPROM, which follows filters but no ``include``. One
  from before July 2022 knows neither folders nor long names there: so these files lie in the root
  folder, under names of the form 8.3. bootcode.bin, a Pi 3's, follows the filters, too.
* ``os_prefix``: by start.elf, start4.elf and a Pi 5's EEPROM, before the names of U-Boot and trees;
  they write it into the tree as ``/chosen/os_prefix``, by which ``boot.scr`` finds the rest.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONFIG = "config.txt"
DISPATCHER = "boot.scr"
"""What U-Boot looks for in the root folder: it goes on with the script of the set in force."""
FLASHED_SCRIPT = "boot-0.scr"
"""The flashed set's own script."""
RECORD = "set.json"
FLASHED = ""
LETTERS = ("a", "b")
BOARD_WORDS = "board.env"
FIRMWARE = {"pi4": ("start4.elf", "fixup4.dat")}
"""By config.txt's filter. A Pi 5 has its own in the EEPROM. A Pi 3 keeps the flashed: its ROM takes
``bootcode.bin`` by that one name, and no write changes that and ``config.txt`` at once."""
MAX_FILE_BYTES = 8 * 2**20


class BootSetError(Exception):
    """A set that is not whole, or a config.txt that nobody can follow; says so in words."""


@dataclass(frozen=True, slots=True)
class BootSet:
    """What a release brings."""

    release: str
    config: bytes = field(repr=False)
    """config.txt of the flashed set: all but which set is in force."""
    dispatcher: bytes = field(repr=False)
    firmware: Mapping[str, bytes] = field(repr=False)
    """None of a release for a Pi 5."""
    system: Mapping[str, bytes] = field(repr=False)
    """U-Boot, trees, the script and the board's words: what lies in a set's folder."""

    def digest(self) -> str:
        """The same for the same bytes, whichever release brings them."""
        total = hashlib.sha256()
        parts = {CONFIG: self.config, DISPATCHER: self.dispatcher, **self.firmware}
        parts |= {f"system/{name}": content for name, content in self.system.items()}
        for name in sorted(parts):
            total.update(f"{name} {sha256(parts[name])}\n".encode())
        return total.hexdigest()

    def config_for(self, letter: str) -> bytes:
        """config.txt that puts the set `letter` in force."""
        if letter == FLASHED:
            return self.config
        lines = [self.config.decode().rstrip("\n")]
        for board, names in FIRMWARE.items():
            if not self.firmware.keys() >= set(names):
                continue
            start, fixup = (on_card(name, letter) for name in names)
            lines += [f"[{board}]", f"start_file={start}", f"fixup_file={fixup}"]
        lines += ["[all]", f"os_prefix={letter}/"]
        return "\n".join(lines).encode() + b"\n"

    def record(self, letter: str) -> bytes:
        """Where the set `letter` comes from, for later releases and for people."""
        files = {CONFIG: self.config_for(letter), **self.firmware, **self.system}
        record = {
            "release": self.release,
            "files": {name: sha256(content) for name, content in sorted(files.items())},
        }
        return json.dumps(record, indent=1).encode() + b"\n"

    def folder(self, letter: str) -> dict[str, bytes]:
        """The files of the folder `letter`."""
        return {**self.system, RECORD: self.record(letter)}

    def beside(self, letter: str) -> dict[str, bytes]:
        """The files of the set `letter` in the root folder."""
        return {on_card(name, letter): content for name, content in self.firmware.items()}

    def has_tree_for(self, board: str) -> bool:
        """Whether one of the trees is for `board`, the first word of a tree's ``compatible``."""
        trees = (content for name, content in self.system.items() if name.endswith(".dtb"))
        return any(board.encode() + b"\0" in tree for tree in trees)


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def on_card(name: str, letter: str) -> str:
    """``start4.elf`` of set b is ``start4-b.elf``: eight letters and three, for any boot loader."""
    base, _, extension = name.partition(".")
    return f"{base}-{letter}.{extension}"


def read_boot_set(folder: Path, release: str) -> BootSet:
    """The set in a root's `folder`. Raises `BootSetError` where it is not whole."""
    try:
        firmware = _files(folder / "firmware")
        system = _files(folder / "system")
        config = (folder / CONFIG).read_bytes()
        dispatcher = (folder / DISPATCHER).read_bytes()
    except OSError as error:
        raise BootSetError(f"this release brings no boot files: {error}") from error
    trees = [name for name in system if name.endswith(".dtb")]
    wanted = {name for names in FIRMWARE.values() for name in names}
    if trees and not any(name.startswith("bcm2711-") for name in trees):
        wanted = set()  # a Pi 5's firmware is in the board's own memory
    if lacking := sorted(wanted - firmware.keys()):
        raise BootSetError(f"this release's boot files lack {', '.join(lacking)}")
    if DISPATCHER not in system or not trees:
        raise BootSetError("this release's boot files lack U-Boot's script or the device trees")
    return BootSet(release, config, dispatcher, firmware, system)


def in_force(config: bytes) -> str:
    """The letter that a card's config.txt names; `FLASHED` where it names none.

    Raises `BootSetError` where it names another folder: somebody's own work is left alone.
    """
    named = FLASHED
    for line in config.decode(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "os_prefix":
            named = value.strip()
    letter = named.removesuffix("/")
    if named and (letter not in LETTERS or named == letter):
        raise BootSetError(f"config.txt says os_prefix={named}, which is none of ours")
    return letter


def other(letter: str) -> str:
    """The set that may be written while `letter` is in force."""
    return LETTERS[1] if letter == LETTERS[0] else LETTERS[0]


@dataclass(frozen=True, slots=True)
class SetOnCard:
    """What a set's record says of it."""

    release: str
    config: str
    """SHA-256 of its config.txt as it was written."""


def parse_record(content: bytes | None) -> SetOnCard | None:
    """None where there is no record, or one that cannot be read."""
    try:
        found = json.loads(content or b"")
        return SetOnCard(str(found["release"]), str(found["files"][CONFIG]))
    except (ValueError, KeyError, TypeError):
        return None


def _files(folder: Path) -> dict[str, bytes]:
    found = {}
    for file in sorted(folder.iterdir()):
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BootSetError(f"{file} is larger than {MAX_FILE_BYTES} bytes")
        found[file.name] = file.read_bytes()
    return found
