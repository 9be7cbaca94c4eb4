"""A slot for any sizes of its parts, the sizes of an image, what is taken out of it."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from image.recipe import report, slot
from image.recipe.unnamed import LIBRARIES, names, unnamed

RECIPE = Path(__file__).parents[2] / "image/recipe"
MIB = 1 << 20


def header(written: bytes) -> dict[str, str]:
    """What U-Boot imports of it."""
    (crc,) = struct.unpack_from("<I", written)
    assert crc == zlib.crc32(written[4 : slot.HEADER])
    body = written[4 : slot.HEADER].rstrip(b"\0").decode()
    return dict(entry.split("=", 1) for entry in body.split("\0"))


sizes = st.one_of(st.integers(0, 3), st.integers(4094, 4098), st.integers(8190, 8194))


@given(sizes, sizes, st.integers(0, 4).map(lambda blocks: 4096 * blocks))
@example(4096, 0, 4096)
def test_every_part_begins_on_a_block_where_the_header_says(
    kernel: int, initrd: int, root: int
) -> None:
    parts = {"kernel": b"\xaa" * kernel, "initrd": b"\xbb" * initrd, "root": b"\xcc" * root}
    with TemporaryDirectory() as folder:
        for name, content in parts.items():
            Path(folder, name).write_bytes(content)
        paths = [str(Path(folder, name)) for name in parts]
        slot.main(str(Path(folder, "slot")), "1", *paths, "7", "cafe")
        written = Path(folder, "slot").read_bytes()
    found, end = header(written), slot.HEADER
    for name in ("kernel", "initrd"):
        begin, length = (
            int(found[f"{name}_{what}"], 16) * slot.SECTOR for what in ("sector", "sectors")
        )
        assert (begin, begin % slot.BLOCK, length % slot.BLOCK) == (end, 0, 0)
        size = int(found[f"{name}_size"], 16)
        assert 0 <= length - size < slot.BLOCK
        assert written[begin : begin + length] == parts[name] + bytes(length - size)
        assert int(found[f"{name}_crc"], 16) == zlib.crc32(parts[name])
        end = begin + length
    at, sectors, blocks, verity = found["root_args"].removeprefix("diemcau.root=").split(",")
    assert (int(at) * slot.SECTOR, int(sectors) * slot.SECTOR) == (end, root)
    assert (blocks, verity) == ("7", "cafe")
    assert written[end:] == parts["root"]


def test_an_environment_of_exactly_its_size_fits() -> None:
    fits = slot.environment({"a": "x" * (64 - 4 - 3)}, 64)
    assert (len(fits), fits[4:]) == (64, b"a=" + b"x" * 57 + b"\0")
    with pytest.raises(SystemExit, match="61 bytes does not fit into 64"):
        slot.environment({"a": "x" * 58}, 64)
    assert slot.environment({}, 8) == struct.pack("<I", zlib.crc32(bytes(4))) + bytes(4)


def filled(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(1024) * (size // 1024))


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """What the recipe leaves: a root, its slot, the disks."""
    filled(tmp_path / "root/usr/lib/a/libvlc.so", 12 * MIB)
    filled(tmp_path / "root/usr/lib/small", MIB)
    filled(tmp_path / "root/usr/bin/python", 3 * MIB)
    filled(tmp_path / "root/boot/vmlinuz", 30 * MIB)
    (tmp_path / "root.packages").write_text("cage\t0.2.0-2\tcage\t0.2.0-2\n")
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware.packages").touch()
    for name, size in (("slot", 4), *((f"diemcau-{one}", 8) for one in ("virt", "rpi"))):
        filled(tmp_path / f"{name}.img", size * MIB)
    return tmp_path


def test_the_largest_parts_are_told_as_deep_as_they_count(build: Path) -> None:
    rows = report.sizes(build).splitlines()
    assert rows[0] == "     4.0  one slot (room: 640)"
    assert rows[1:3] == ["     8.0  disk virt", "     8.0  disk rpi"]
    whole, *parts = rows[3:]
    assert int(whole.split()[0]) in range(16, 19), "without the kernel, which the slot holds"
    assert [one.split()[1] for one in parts] == ["/usr/lib/a", "/usr/bin"], "not what is above"


def test_the_report_is_the_same_each_time_and_lists_the_same_everywhere(build: Path) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "86400"}
    command = [sys.executable, str(RECIPE / "report.py"), str(build), "1.2.3"]
    written = []
    for _ in range(2):
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        names_of = ("manifest.txt", "diemcau.spdx.json", "sizes.txt", "rpi-imager.json")
        written.append([(build / name).read_text() for name in names_of])
        assert (build / "sizes.txt").read_text() == done.stdout
    assert written[0] == written[1]
    manifest, spdx, _, imager = written[0]
    assert manifest == "deb\tcage\t0.2.0-2\n"
    assert '"created": "1970-01-02T00:00:00Z"' in spdx
    assert '"versionInfo": "0.2.0-2"' in spdx
    assert '"name": "Điểm Cầu 1.2.3 (Raspberry Pi 4, CM4, 400, 3B+)"' in imager
    assert '"release_date": "1970-01-02"' in imager
    assert f'"extract_size": {8 * MIB}' in imager


def test_what_is_unnamed_is_taken_out_and_the_rest_is_left(tmp_path: Path) -> None:
    folder = tmp_path / LIBRARIES
    folder.mkdir(parents=True)
    for name in ("libused.so.1", "libdead.so.1", "libchain.so.2"):
        (folder / name).write_bytes(b"\x7fELF")
    (folder / "libdead.so").symlink_to("libdead.so.1")
    (folder / "libused.so.1").write_bytes(b"\x7fELF\0libchain.so.2\0")
    (tmp_path / "program").write_bytes(b"libused.so.1")
    subprocess.run([sys.executable, str(RECIPE / "unnamed.py"), str(tmp_path)], check=True)
    left = {path.name for path in folder.iterdir()}
    assert left == {"libused.so.1", "libchain.so.2"}
    assert unnamed(tmp_path) == []


library = st.from_regex(r"lib[a-z0-9_+-]{1,20}\.so(\.[0-9]{1,2}){0,3}", fullmatch=True)


@given(st.lists(library, max_size=5), st.binary(max_size=5).map(lambda one: b"\0" + one + b"\0"))
def test_a_name_is_found_whatever_stands_around_it(found: list[str], around: bytes) -> None:
    data = around.join(name.encode() for name in ["", *found, ""])
    assert {name.encode() for name in found} <= names(data)


def test_a_name_longer_than_any_is_found_by_its_end() -> None:
    assert names(b"x" * 200 + b".so") == {b"x" * 80 + b".so"}
    assert names(b"/usr/lib/liba.so.1:libb.so") == {b"liba.so.1", b"libb.so"}
    assert names(b"") == set()
