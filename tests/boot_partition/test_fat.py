"""FAT32 as we read and write it, held to dosfstools and mtools."""

import shutil
import subprocess
from pathlib import Path

import pytest

from services.boot_partition.fat_layout import FatError
from services.boot_partition.fat_volume import FatVolume
from services.boot_partition.fat_writer import FatWriter, NoRoomError
from tests.boot_partition.boot_loaders import people_s
from tests.boot_partition.cards import KIB, NOW, FileDisk, card, fsck

LONG = "Ghi chú của xã, bản thứ hai.txt"
PEOPLE_S = {"site.toml": b"[site]\n", LONG: b"long" * 900, "AUTORUN.INF": b"x", "empty.txt": b""}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", PEOPLE_S)


def content(image: Path) -> dict[str, bytes]:
    """As mtools finds it."""
    out = image.with_suffix(".out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(
        ["mcopy", "-s", "-n", "-o", "-i", str(image), "::", str(out)],
        check=True,
        capture_output=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    files = [path for path in out.rglob("*") if path.is_file()]
    return {str(path.relative_to(out)).lower(): path.read_bytes() for path in files}


def test_what_others_wrote_is_read_and_stays(image: Path) -> None:
    before = content(image)
    volume = FatVolume(FileDisk(image))
    assert {name: volume.read(name) for name in volume.files} == before
    assert before[LONG.lower()] == PEOPLE_S[LONG]
    writer = FatWriter(FileDisk(image), NOW)
    writer.put("config.txt", b"kernel=u-boot.bin\n")
    writer.finish()
    assert content(image) == before | {"config.txt": b"kernel=u-boot.bin\n"}
    assert fsck(image) == ""


def test_a_folder_takes_the_place_of_another(image: Path) -> None:
    first = {"bcm2711-rpi-4-b.dtb": b"4" * 3000, "bcm2711-rpi-400.dtb": b"400", "u-boot.bin": b"u"}
    second = {"u-boot.bin": b"new" * 5000, "set.json": b"{}", "bcm2711-rpi-cm4-io.dtb": b"cm4"}
    for files in (first, second):
        writer = FatWriter(FileDisk(image), NOW)
        writer.put_folder("a", files)
        writer.finish()
        found = content(image)
        assert {n[2:]: c for n, c in found.items() if n.startswith("a/")} == files
        assert fsck(image) == ""
    assert FatVolume(FileDisk(image)).below("a").keys() == {f"a/{name}" for name in second}


def test_the_root_folder_grows(image: Path) -> None:
    """Of a card of ours a cluster of it has room for sixteen entries."""
    writer = FatWriter(FileDisk(image), NOW)
    names = [f"file-{number:02}.txt" for number in range(40)]
    for name in names:
        writer.put(name, name.encode() * 50)
    writer.finish()
    assert fsck(image) == ""
    found = content(image)
    assert [found[name] for name in names] == [name.encode() * 50 for name in names]


def test_a_file_replaced_again_and_again_takes_no_more_room(image: Path) -> None:
    writer = FatWriter(FileDisk(image), NOW)
    writer.put("config.txt", b"0" * 5000)
    free = writer.volume.free_bytes()
    for number in range(1, 6):
        writer.put("config.txt", f"{number}".encode() * 5000)
        assert people_s(image, "config.txt") == f"{number}".encode() * 5000
    assert writer.volume.free_bytes() == free
    writer.put("config.txt", b"")
    writer.finish()
    assert people_s(image, "config.txt") == b""
    assert fsck(image) == ""


def test_what_does_not_fit_changes_nothing(image: Path) -> None:
    before = content(image)
    writer = FatWriter(FileDisk(image), NOW)
    with pytest.raises(NoRoomError, match="KiB left"):
        writer.put("config.txt", bytes(KIB * 1024))
    assert content(image) == before


def spoil_table(image: Path, name: str, value: int) -> None:
    """The first cluster of `name` is followed by `value`."""
    volume = FatVolume(FileDisk(image))
    with image.open("r+b") as file:
        file.seek(volume.layout.tables[0] + 4 * volume.files[name].first)
        file.write(value.to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("follows", "said"), [(LONG.lower(), "shares cluster"), ("", "chain of clusters")]
)
def test_a_damaged_file_system_is_not_written_to(image: Path, follows: str, said: str) -> None:
    other = FatVolume(FileDisk(image)).files
    spoil_table(image, "site.toml", other[follows].first if follows else 0x0FFFFFF0)
    before = image.read_bytes()
    with pytest.raises(FatError, match=said):
        FatWriter(FileDisk(image), NOW)
    assert image.read_bytes() == before


@pytest.mark.parametrize("size", ["12", "16"])
def test_another_fat_is_refused_in_words(tmp_path: Path, size: str) -> None:
    image = tmp_path / "other.img"
    words = ["/usr/sbin/mkfs.vfat", "-F", size, "-C", str(image), "16384"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    with pytest.raises(FatError, match="not FAT32"):
        FatVolume(FileDisk(image))
    image.write_bytes(bytes(8192))
    with pytest.raises(FatError, match="no file system"):
        FatVolume(FileDisk(image))


def test_clusters_of_several_sectors_are_taken_too(tmp_path: Path) -> None:
    """As a PC formats a card."""
    image = tmp_path / "large.img"
    words = ["/usr/sbin/mkfs.vfat", "-F", "32", "-s", "4", "-C", str(image), str(160 * 1024)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    writer = FatWriter(FileDisk(image), NOW)
    writer.put_folder("b", {"u-boot.bin": b"u" * 9000, "bcm2711-rpi-4-b.dtb": b"t" * 100})
    writer.put("config.txt", b"c")
    writer.finish()
    assert fsck(image) == ""
    assert content(image)["b/u-boot.bin"] == b"u" * 9000
