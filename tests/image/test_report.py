"""What stands beside an image: the packages as SPDX, the list of its flasher."""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

import pytest

from image.recipe import report, slot

RECIPE = Path(__file__).parents[2] / "image/recipe"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    lock = root / "usr/local/lib/python3.13/dist-packages/python_vlc-3.0.21203.dist-info"
    lock.mkdir(parents=True)
    Path(f"{root}.packages").write_text("cage\t0.2.0-2\tcage\t0.2.0-2\nlibx\t1+deb13u1\tx\t1\n")
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    (firmware / "start4.elf").write_bytes(b"elf")
    Path(f"{firmware}.packages").write_text(
        "raspi-firmware\t1.2026+ds-1\traspi-firmware\t1.2026\nu-boot-rpi\t2025.01\tu-boot\t1\n"
    )
    Path(f"{tmp_path}/kernel-rpi5.packages").write_text("linux-base-7\t7.3~bpo13+1\tlinux\t7.3\n")
    return root


def test_every_package_is_in_the_sbom_with_its_url(root: Path) -> None:
    firmware = root.parent / "firmware"
    found = report.packages(root, firmware, root.parent / "kernel-rpi5")
    files = report.firmware_files(firmware)
    names = ["cage", "libx", "raspi-firmware", "u-boot-rpi", "linux-base-7", "python_vlc"]
    assert [entry["name"] for entry in found] == names
    document = report.spdx(found, "0.1.0", 0, files)
    assert document["spdxVersion"] == "SPDX-2.3"
    assert document["creationInfo"]["created"] == "1970-01-01T00:00:00Z"
    urls = [
        reference["referenceLocator"]
        for package in document["packages"]
        for reference in package.get("externalRefs", [])
    ]
    assert urls == [
        "pkg:deb/debian/cage@0.2.0-2?arch=arm64&distro=trixie",
        "pkg:deb/debian/libx@1%2Bdeb13u1?arch=arm64&distro=trixie",
        "pkg:deb/debian/raspi-firmware@1.2026%2Bds-1?arch=arm64&distro=forky",
        "pkg:deb/debian/u-boot-rpi@2025.01?arch=arm64&distro=trixie",
        "pkg:deb/debian/linux-base-7@7.3~bpo13%2B1?arch=arm64&distro=trixie-backports",
        "pkg:pypi/python_vlc@3.0.21203",
    ]
    (file,) = document["files"]
    assert file["fileName"] == "./start4.elf"
    sums = {entry["algorithm"]: entry["checksumValue"] for entry in file["checksums"]}
    assert sums == {kind: hashlib.new(kind, b"elf").hexdigest() for kind in ("SHA1", "SHA256")}
    of_file = [r for r in document["relationships"] if r["spdxElementId"] == file["SPDXID"]]
    assert [r["relatedSpdxElement"] for r in of_file] == ["SPDXRef-Package-2"]
    known = {entry["SPDXID"] for entry in document["packages"] + document["files"]}
    known |= {"SPDXRef-DOCUMENT"}
    for relation in document["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known
    assert len(known) == len(document["packages"]) + len(document["files"]) + 1


def test_the_flasher_learns_size_and_sum(tmp_path: Path) -> None:
    images = {"rpi": b"image", "rpi5": b"another"}
    for flavour, content in images.items():
        (tmp_path / f"diemcau-{flavour}.img").write_bytes(content)
    entries = report.imager(tmp_path, "0.1.0", 0)["os_list"]
    for entry, content in zip(entries, images.values(), strict=True):
        assert entry["extract_size"] == len(content)
        assert entry["extract_sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["init_format"] == "none"
    assert [entry["devices"] for entry in entries] == [["pi4-64bit", "pi3-64bit"], ["pi5-64bit"]]


def test_a_slot_is_header_kernel_initramfs_and_root(tmp_path: Path) -> None:
    parts = {"kernel": b"K" * 5000, "initrd": b"I" * 100, "root": b"R" * 8192}
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    names = [str(tmp_path / name) for name in parts]
    slot.main(str(tmp_path / "slot"), "0.1.0", *names, "2", "cafe", "5a17")
    written = (tmp_path / "slot").read_bytes()
    assert struct.unpack("<I", written[:4])[0] == zlib.crc32(written[4:4096])
    header = dict(
        entry.decode().split("=", 1) for entry in written[4:4096].rstrip(b"\0").split(b"\0")
    )
    for name in ("kernel", "initrd"):
        begin, size = int(header[f"{name}_sector"], 16) * 512, int(header[f"{name}_size"], 16)
        assert written[begin : begin + size] == parts[name]
        assert int(header[f"{name}_crc"], 16) == zlib.crc32(parts[name])
        swapped = struct.pack("<I", int(header[f"{name}_crc_swapped"], 16))
        assert swapped == struct.pack(">I", zlib.crc32(parts[name]))
    offset, sectors, *verity = header["root_args"].removeprefix("diemcau.root=").split(",")
    assert written[int(offset) * 512 :] == parts["root"]
    assert (sectors, verity) == ("16", ["2", "cafe", "5a17"])


def test_a_header_that_is_too_long_is_refused() -> None:
    with pytest.raises(SystemExit, match="does not fit"):
        slot.environment({"version": "x" * 5000}, 4096)


def test_the_recipe_needs_nothing_but_debians_python() -> None:
    for script in ("slot.py", "report.py", "unnamed.py"):
        names = {
            line.split()[1].partition(".")[0]
            for line in (RECIPE / script).read_text().splitlines()
            if line.startswith(("import ", "from "))
        }
        assert names <= sys.stdlib_module_names
