"""``diemcau keep``: a good copy is never overwritten by less."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.provisioning.first_boot_command import apply
from services.provisioning.keep_command import keep
from services.provisioning.second_copy import IDENTITY, MAX_COPY_BYTES, SETTINGS
from services.provisioning.second_copy_disk import read
from tests.provisioning.site_files import PAIR, site


class Card:
    """A disk, its data partition, and what the kernel says of both."""

    def __init__(self, folder: Path) -> None:
        self.disk, self.data, self.root = folder / "disk", folder / "data", folder / "root"
        self.disk.write_bytes(bytes(5 * 2**20))
        (folder / "boot").mkdir()
        self.data.mkdir()
        (folder / "boot/site.toml").write_bytes(site())
        apply(folder / "boot", self.data, os.getgid(), "-")
        (self.root / "proc").mkdir(parents=True)
        self.mounted("ext4")

    def mounted(self, kind: str) -> None:
        """Read-only as well: that is how a unit's sandbox shows it."""
        mounts = f"/dev/root / squashfs ro 0 0\n/dev/vda4 {self.data} {kind} ro,nosuid 0 0\n"
        (self.root / "proc/mounts").write_text(mounts)

    def keep(self) -> Result:
        words = ["--disk", str(self.disk), "--data", str(self.data), "--root", str(self.root)]
        return CliRunner().invoke(keep, words)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_it_writes_once_and_again_when_the_identity_has_come(card: Card) -> None:
    assert "is written" in card.keep().output
    assert "says the same" in card.keep().output
    (card.data / "health").mkdir()
    (card.data / IDENTITY).write_bytes(PAIR)
    assert "is written" in card.keep().output
    found = read(card.disk)
    assert found is not None
    assert (found.members[IDENTITY], found.seq) == (PAIR, 2)


@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_memory_in_the_place_of_data_is_not_kept(card: Card, kind: str) -> None:
    card.keep()
    before = card.disk.read_bytes()
    card.mounted(kind)
    (card.data / SETTINGS).write_bytes(site("Xã Ia Phí"))
    done = card.keep()
    assert (done.exit_code, card.disk.read_bytes()) == (0, before)
    assert f"is {kind}" in done.output


@pytest.mark.parametrize("lost", ["site", "site/record.json"])
def test_a_partition_without_settings_is_not_kept(card: Card, lost: str) -> None:
    card.keep()
    before = card.disk.read_bytes()
    (card.data / lost).unlink()
    done = card.keep()
    assert (done.exit_code, card.disk.read_bytes()) == (0, before)
    assert "no settings in force" in done.output


def test_too_much_is_an_error_that_says_so(card: Card) -> None:
    card.keep()
    before = card.disk.read_bytes()
    (card.data / SETTINGS).write_bytes(site().ljust(2 * MAX_COPY_BYTES, b"\n"))
    done = card.keep()
    assert (done.exit_code, card.disk.read_bytes()) == (1, before)
    assert f"has room for {MAX_COPY_BYTES - 512}" in done.output
    assert "make it smaller" in done.output


def test_a_disk_that_is_not_there_is_an_error(card: Card) -> None:
    card.disk.unlink()
    done = card.keep()
    assert done.exit_code == 1
    assert str(card.disk) in done.output


@pytest.fixture
def read_only_disk(card: Card) -> Iterator[Path]:
    """A real block device that refuses each write."""
    words = ("losetup", "--find", "--show", "--read-only", str(card.disk))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode:
        pytest.skip(f"no loop device: {done.stderr.strip()}")
    device = Path(done.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(("losetup", "--detach", str(device)), check=True, timeout=20)


def test_a_card_that_takes_nothing_any_more_is_no_error(card: Card, read_only_disk: Path) -> None:
    state = card.root / "sys/class/block" / read_only_disk.name / "ro"
    state.parent.mkdir(parents=True)
    state.write_text((Path("/sys/class/block") / read_only_disk.name / "ro").read_text())
    before = card.disk.read_bytes()
    card.disk = read_only_disk
    done = card.keep()
    assert done.exit_code == 0, done.output
    assert "takes nothing any more" in done.output
    assert read_only_disk.read_bytes() == before
    state.write_text("0\n")
    assert card.keep().exit_code == 1, "a disk that is only out of reach is an error"


def test_it_is_a_word_of_the_command() -> None:
    words = (sys.executable, "-m", "services.command", "keep", "--help")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "--disk" in done.stdout) == (0, True)
