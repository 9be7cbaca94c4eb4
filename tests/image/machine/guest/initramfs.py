"""Another initramfs in a slot that was built: the same but for its kernel modules."""

import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.slots.header import SECTOR_BYTES
from tests.image.machine.guest.bundles import header, write_header
from tests.image.machine.guest.emulator import BUILD, ROOT, in_tools

UNPACK = "cd $1 && zstd -dc ../initrd.zst | cpio -i --quiet && rm modules/*"
PACK = (
    "cd $1 && find . | LC_ALL=C sort | cpio -o -H newc --reproducible --quiet"
    " | zstd -q -19 > ../initrd.zst"
)


def slot_with_modules(folder: Path, names: Iterable[str]) -> Path:
    """The built slot in `folder`, its initramfs with those kernel modules and what they need.

    A name that no module has is passed over, as the recipe did up to commit 5cf03ec."""
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "initrd"
    tree.mkdir(parents=True)
    slot = folder / "slot.img"
    shutil.copy(BUILD / "slot.img", slot)
    values = header(slot)
    place = int(values["initrd_sector"], 16) * SECTOR_BYTES
    room = int(values["initrd_sectors"], 16) * SECTOR_BYTES
    packed = folder / "initrd.zst"
    with slot.open("rb") as file:
        file.seek(place)
        packed.write_bytes(file.read(int(values["initrd_size"], 16)))
    here = str(tree.relative_to(ROOT))
    in_tools("sh", "-ec", UNPACK, "sh", here)
    for number, module in enumerate(dict.fromkeys(_modules(names)), 101):
        name = module.name.removesuffix(".xz")
        unpacked = f"{here}/modules/{number}-{name}"
        how = "xz -dc" if module.suffix == ".xz" else "cat"
        in_tools("sh", "-ec", f'{how} "$1" > "$2"', "sh", str(module.relative_to(ROOT)), unpacked)
    in_tools("sh", "-ec", PACK, "sh", here)
    content = packed.read_bytes()
    assert len(content) <= room, f"{len(content)} bytes do not fit into {room}"
    crc = zlib.crc32(content)
    (swapped,) = struct.unpack("<I", struct.pack(">I", crc))
    values |= {
        "initrd_size": f"{len(content):x}",
        "initrd_crc": f"{crc:x}",
        "initrd_crc_swapped": f"{swapped:x}",
    }
    with slot.open("r+b") as file:
        file.seek(place)
        file.write(content.ljust(room, b"\0"))
    write_header(slot, values)
    return slot


def _modules(names: Iterable[str]) -> Iterator[Path]:
    """Files of the built root, each after those that it needs."""
    root = BUILD / "root"
    (kernel,) = (root / "usr/lib/modules").iterdir()
    for name in names:
        words = ("-d", str(root.relative_to(ROOT)), "-S", kernel.name, "--show-depends", name)
        told = in_tools("sh", "-c", 'modprobe "$@" 2>/dev/null || :', "sh", *words)
        for line in told.splitlines():
            if line.startswith("insmod "):
                yield ROOT / Path(line.split()[1]).relative_to("/checkout")
