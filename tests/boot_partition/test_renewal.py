"""What a look at a card does: renew, leave alone, or say why not."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from services.boot_partition.boot_set import BootSet, BootSetError, in_force, read_boot_set
from services.boot_partition.renewal import OLD_CONFIG, BootState, renew
from tests.boot_partition.boot_loaders import people_s, start
from tests.boot_partition.cards import (
    BOARD,
    BOARDS,
    NEW,
    NEWEST,
    NOW,
    OLD,
    FileDisk,
    boot_set,
    card,
    flashed,
    flashed_before_sets,
    renewed,
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", flashed(boot_set(OLD)))


def put(image: Path, name: str, content: bytes) -> None:
    """As a technician does on a PC."""
    file = image.with_suffix(".put")
    file.write_bytes(content)
    words = ["mcopy", "-o", "-i", str(image), str(file), f"::{name}"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def taken(image: Path, wanted: BootSet) -> str:
    """The release whose U-Boot starts."""
    files = start(image, "pi4", wanted.dispatcher).files
    return files["u-boot.bin"].decode().split()[2].rstrip(".")


def test_the_flashed_release_leaves_its_card_alone(image: Path) -> None:
    before = image.read_bytes()
    assert renewed(image, boot_set(OLD)).state is BootState.CURRENT
    later = replace(boot_set(OLD), release=NEW)
    assert renewed(image, later).state is BootState.CURRENT, "the files are the same"
    assert image.read_bytes() == before


def test_a_release_after_the_other_is_in_force(image: Path) -> None:
    for release, letter in ((NEW, "a"), (NEWEST, "b"), ("1.0.0+202801010000", "a")):
        done = renewed(image, boot_set(release))
        assert (done.state, done.letter, done.release) == (BootState.RENEWED, letter, release)
        assert taken(image, boot_set(release)) == release
        assert renewed(image, boot_set(release)).state is BootState.CURRENT
    flashed_firmware = boot_set(OLD).firmware["start4.elf"]
    assert people_s(image, "start4.elf") == flashed_firmware, "the flashed set is nobody's to touch"


def test_a_card_from_before_there_were_sets_keeps_its_start(tmp_path: Path) -> None:
    image = card(tmp_path / "card.img", flashed_before_sets(boot_set(OLD)))
    assert renewed(image, boot_set(NEW)).state is BootState.RENEWED
    assert taken(image, boot_set(NEW)) == NEW
    config = people_s(image, OLD_CONFIG)
    assert config == boot_set(OLD).config
    put(image, "config.txt", config)
    back = start(image, "pi4", boot_set(NEW).dispatcher)
    assert back.files["boot.scr"] == boot_set(OLD).system["boot.scr"]
    assert taken(image, boot_set(NEW)) == OLD


def test_a_technicians_way_back_stays(image: Path) -> None:
    remembered: list[str] = []
    disk = FileDisk(image)
    renew(disk, boot_set(NEW), "", remembered.append, board=BOARD, now=NOW)
    put(image, "config.txt", people_s(image, OLD_CONFIG) or b"")
    [digest] = remembered
    done = renewed(image, boot_set(NEW), seen=digest)
    assert (done.state, done.letter) == (BootState.TURNED_BACK, "")
    assert taken(image, boot_set(NEW)) == OLD
    assert renewed(image, boot_set(NEWEST), seen=digest).state is BootState.RENEWED


def test_an_older_release_leaves_a_newer_ones_files(image: Path) -> None:
    assert renewed(image, boot_set(NEWEST)).state is BootState.RENEWED
    done = renewed(image, boot_set(NEW))
    assert (done.state, done.release) == (BootState.NEWER, NEWEST)


def test_what_people_changed_is_no_reason_and_is_told(image: Path) -> None:
    renewed(image, boot_set(NEW))
    put(image, "config.txt", boot_set(NEW).config_for("a") + b"hdmi_group=1\n")
    put(image, "a/board.env", b"board_args=video=HDMI-A-1:1280x720@60\n")
    done = renewed(image, boot_set(NEW))
    assert done.state is BootState.CURRENT
    assert "changed by hand" in done.detail
    done = renewed(image, boot_set(NEWEST))
    assert done.state is BootState.RENEWED
    assert OLD_CONFIG in done.detail
    assert b"hdmi_group=1" in (people_s(image, OLD_CONFIG) or b"")


def test_a_damaged_file_of_the_set_in_force_is_mended_by_the_other(image: Path) -> None:
    renewed(image, boot_set(NEW))
    put(image, "a/u-boot.bin", b"something else")
    done = renewed(image, boot_set(NEW))
    assert (done.state, done.letter) == (BootState.RENEWED, "b")
    assert taken(image, boot_set(NEW)) == NEW


def test_each_refusal_says_why_and_changes_nothing(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    disk = FileDisk(image)

    def asked(wanted: BootSet, board: str = BOARD) -> str:
        done = renew(disk, wanted, "", lambda digest: None, board=board, now=NOW)
        assert done.state is BootState.FAILED
        return done.detail

    assert "no device tree for this board" in asked(boot_set(NEW), "raspberrypi,6-model-b")
    assert "KiB left" in asked(boot_set(NEW, kib=16 * 1024))
    assert image.read_bytes() == before
    put(image, "config.txt", b"os_prefix=mine/\n")
    assert "none of ours" in asked(boot_set(NEW))
    virt = card(tmp_path / "virt.img", {"boot.scr": b"", "board.env": b""})
    assert "no config.txt" in renewed(virt, boot_set(NEW)).detail


def test_it_stops_for_a_meeting_and_goes_on_later(image: Path) -> None:
    asked = iter(["", "", "a meeting begins within 15 minutes"])
    done = renew(
        FileDisk(image), boot_set(NEW), "", lambda digest: None, board=BOARD, now=NOW,
        why_stop=lambda: next(asked),
    )  # fmt: skip
    assert (done.state, done.letter) == (BootState.WAITING, "")
    assert "meeting" in done.detail
    assert taken(image, boot_set(NEW)) == OLD
    assert renewed(image, boot_set(NEW)).state is BootState.RENEWED


class ForgetfulDisk(FileDisk):
    """A worn card: of all that is written at `bad` nothing stays, and no error is said."""

    bad = b"u-boot.bin of"

    def write(self, offset: int, content: bytes) -> None:
        if self.bad not in content:
            super().write(offset, content)


def test_what_reads_back_otherwise_is_not_put_in_force(image: Path) -> None:
    disk = ForgetfulDisk(image)
    done = renew(disk, boot_set(NEW), "", lambda digest: None, board=BOARD, now=NOW)
    assert done.state is BootState.FAILED
    assert "a/u-boot.bin reads back otherwise" in done.detail
    assert taken(image, boot_set(NEW)) == OLD


def test_config_txt_says_which_set_is_in_force() -> None:
    assert in_force(b"kernel=u-boot.bin\n") == ""
    assert in_force(b"os_prefix=b/\r\n[all]\nos_prefix = a/\n") == "a"
    for other in (b"os_prefix=a\n", b"os_prefix=upstream/\n", b"os_prefix=c/"):
        with pytest.raises(BootSetError, match="none of ours"):
            in_force(other)


def test_a_set_that_is_not_whole_is_none(tmp_path: Path) -> None:
    with pytest.raises(BootSetError, match="brings no boot files"):
        read_boot_set(tmp_path, NEW)
    for folder in ("firmware", "system"):
        (tmp_path / folder).mkdir()
    for name in ("config.txt", "boot.scr"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(BootSetError, match=r"lack fixup4\.dat, start4\.elf"):
        read_boot_set(tmp_path, NEW)
    for name, content in boot_set(NEW).firmware.items():
        (tmp_path / "firmware" / name).write_bytes(content)
    with pytest.raises(BootSetError, match="script or the device trees"):
        read_boot_set(tmp_path, NEW)
    for name, content in boot_set(NEW).system.items():
        (tmp_path / "system" / name).write_bytes(content)
    assert read_boot_set(tmp_path, NEW).system == boot_set(NEW).system


def test_a_release_for_a_pi_5_brings_no_firmware(tmp_path: Path) -> None:
    """It has its own in the EEPROM: a config.txt that named a start4.elf would name none."""
    first, then = (
        replace(
            boot_set(release),
            firmware={},
            system={k: v for k, v in boot_set(release).system.items() if "bcm2711" not in k},
        )
        for release in (OLD, NEW)
    )
    folder = tmp_path / "boot"
    for name, content in (
        ("config.txt", then.config),
        ("boot.scr", then.dispatcher),
        *((f"system/{name}", content) for name, content in then.system.items()),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "firmware").mkdir()
    assert read_boot_set(folder, NEW) == then
    image = card(tmp_path / "card.img", flashed(first))
    assert renewed(image, then, board=BOARDS["pi5"]).state is BootState.RENEWED
    assert "start_file" not in then.config_for("a").decode()
    files = start(image, "pi5", then.dispatcher).files
    assert files["u-boot.bin"].decode().split()[2].rstrip(".") == NEW
