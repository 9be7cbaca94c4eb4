"""Boot partitions as files, with made-up boot files, and a log of every sector written to them."""

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

from services.boot_partition.boot_set import FLASHED, FLASHED_SCRIPT, RECORD, BootSet
from services.boot_partition.renewal import Renewal, renew
from tests.image.machine.power_cuts.write_log import FLUSH, MAGIC, SECTOR

OLD, NEW, NEWEST = "0.1.0+202611280000", "0.2.0+202612010000", "0.3.0+202701010000"
BOARD = "raspberrypi,4-model-b"
BOARDS = {"pi3": "raspberrypi,3-model-b", "pi4": BOARD, "pi5": "raspberrypi,5-model-b"}
KIB = 34 * 1024
"""A little more than FAT32 has to have."""
NOW = 1_790_000_000.0
SITE = b'[site]\r\nid = "ia-kly"\r\n'
SETTINGS = "arm_64bit=1\nkernel=u-boot.bin\nupstream_kernel=1\n"


def boot_set(release: str, kib: int = 4) -> BootSet:
    """Made-up boot files whose every sector names the release that they are of."""

    def made(name: str, size: int = kib * 1024) -> bytes:
        return f"{name} of {release}. ".encode() * (size // (8 + len(name) + len(release)) + 1)

    trees = {
        "bcm2711-rpi-4-b.dtb": "pi4",
        "bcm2711-rpi-cm4-io.dtb": "pi4",
        "bcm2712-rpi-5-b.dtb": "pi5",
        "bcm2837-rpi-3-b.dtb": "pi3",
    }
    system = {name: BOARDS[pi].encode() + b"\0" + made(name, 900) for name, pi in trees.items()}
    return BootSet(
        release,
        config=f"# {release}\n{SETTINGS}".encode(),
        dispatcher=b"goes on with the script of the set in force",
        firmware={name: made(name) for name in ("start4.elf", "fixup4.dat")},
        system={
            **system,
            "u-boot.bin": made("u-boot.bin"),
            "boot.scr": made("boot.scr", 700),
            "board.env": made("board.env", 60),
        },
    )


def fixed(release: str) -> dict[str, bytes]:
    """What lies in the topmost folder and is no part of any set."""
    return {
        "bootcode.bin": f"bootcode of {release}".encode(),
        "start.elf": f"start of {release}".encode() * 20,
        "fixup.dat": f"fixup of {release}".encode(),
        "uboot.env": b"environment",
        "site.toml": SITE,
        "RESULT.txt": b"ACCEPTED",
    }


def flashed(content: BootSet) -> dict[str, bytes]:
    """A card as it is flashed today."""
    return {
        **content.firmware,
        **content.system,
        "config.txt": content.config,
        FLASHED_SCRIPT: content.system["boot.scr"],
        "boot.scr": content.dispatcher,
        RECORD: content.record(FLASHED),
        **fixed(content.release),
    }


def flashed_before_sets(content: BootSet) -> dict[str, bytes]:
    """A card as 0.1.0 was flashed: no record, and its script is what U-Boot looks for."""
    files = {**flashed(content), "boot.scr": content.system["boot.scr"]}
    del files[FLASHED_SCRIPT], files[RECORD]
    return files


def card(path: Path, files: Mapping[str, bytes], kib: int = KIB) -> Path:
    """A FAT32 file system with `files`, made by dosfstools and mtools as the recipe makes ours."""
    path.unlink(missing_ok=True)
    folder = path.with_suffix(".files")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    _run("mkfs.vfat", "--invariant", "-F", "32", "-n", "DIEMCAU", "-C", str(path), str(kib))
    _run("mcopy", "-m", "-i", str(path), *map(str, sorted(folder.iterdir())), "::")
    return path


def change(path: Path, files: Mapping[str, bytes], without: tuple[str, ...]) -> None:
    """Other `files` on a card, and `without` some."""
    _run("mdel", "-i", str(path), *(f"::{name}" for name in without))
    for name, content in files.items():
        new = path.with_suffix(".new")
        new.write_bytes(content)
        _run("mcopy", "-o", "-i", str(path), str(new), f"::{name}")


def fsck(path: Path) -> str:
    """What fsck.fat finds wrong; "" for nothing."""
    done = subprocess.run(
        [_tool("fsck.fat"), "-n", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stdout


class FileDisk:
    """A card's boot partition in a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b", buffering=0)

    def read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def write(self, offset: int, content: bytes) -> None:
        self._file.seek(offset)
        self._file.write(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()


class LoggedDisk(FileDisk):
    """The same; each `unit` bytes that are written are a write of their own in the log `log`."""

    def __init__(self, path: Path, log: Path, unit: int = SECTOR) -> None:
        super().__init__(path)
        self._unit = unit
        self._log = log.open("w+b")
        self._log.seek(SECTOR)
        self._count = 0

    def write(self, offset: int, content: bytes) -> None:
        super().write(offset, content)
        assert offset % SECTOR == len(content) % SECTOR == 0, "a card writes whole sectors"
        for at in range(0, len(content), self._unit):
            self._note((offset + at) // SECTOR, content[at : at + self._unit], 0)

    def flush(self) -> None:
        self._note(0, b"", FLUSH)

    def close(self) -> None:
        self._log.seek(0)
        self._log.write(struct.pack("<QQQI", MAGIC, 1, self._count, SECTOR))
        self._log.close()
        super().close()

    def _note(self, sector: int, content: bytes, flags: int) -> None:
        head = struct.pack("<QQQQ", sector, len(content) // SECTOR, flags, 0)
        self._log.write(head.ljust(SECTOR, b"\0") + content)
        self._count += 1


def renewed(
    path: Path,
    wanted: BootSet,
    log: Path | None = None,
    seen: str = "",
    unit: int = SECTOR,
    board: str = BOARD,
) -> Renewal:
    """One look at a card, as the box takes it; what it writes goes to `log`."""
    disk = FileDisk(path) if log is None else LoggedDisk(path, log, unit)
    try:
        return renew(disk, wanted, seen, lambda digest: None, board=board, now=NOW)
    finally:
        disk.close()


def _run(*words: str) -> None:
    subprocess.run([_tool(words[0]), *words[1:]], check=True, capture_output=True, timeout=60)


def _tool(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert found, f"{name} is not installed; see packages.txt"
    return found
