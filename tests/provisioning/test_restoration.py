"""A data partition that was made anew: the second copy makes the box the site that it was."""

import itertools
import os
from pathlib import Path

import pytest
import trustme

from services.card.site_file_on_card import take_apart
from services.provisioning.disk import find_in_force, perform
from services.provisioning.disk_ops import DiskOp
from services.provisioning.first_boot_command import apply
from services.provisioning.restoration import restoration
from services.provisioning.second_copy import IDENTITY, MACHINE_ID, MEMBERS, NEXT_KEY, SecondCopy
from services.provisioning.second_copy_disk import gather, read, write
from tests.provisioning.cut_disk import CutDisk
from tests.provisioning.site_files import KEY, NEW_KEY, PAIR, SECRET, members, site

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
USER = 900
COPY = SecondCopy(members() | {NEXT_KEY: NEW_KEY}, 3)


class Box:
    """A card: boot and data partitions as folders, the disk under them as a file."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.disk, self._folder = folder / "boot", folder / "disk", folder
        self.boot.mkdir()
        self.disk.write_bytes(bytes(5 * 2**20))
        self.data = folder
        self.made_anew()

    def made_anew(self) -> None:
        """As the initramfs and tmpfiles leave it: nothing there but a new machine-id."""
        self.data = self._folder / f"data{len(list(self._folder.glob('data*')))}"
        (self.data / "system").mkdir(parents=True)
        (self.data / MACHINE_ID).write_text("f" * 32 + "\n")
        (self.data / "health").mkdir(mode=0o750)

    def start(self, user: int = -1) -> None:
        apply(self.boot, self.data, os.getgid(), "-", user=user, disk=self.disk)

    def keep(self) -> None:
        found = gather(self.data)
        assert found is not None
        write(self.disk, found)

    def found(self) -> dict[str, bytes]:
        """All members that are there, and nothing beside them."""
        present = {name: self.data / name for name in MEMBERS if (self.data / name).exists()}
        return {name: file.read_bytes() for name, file in present.items()}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """One that was a site for a while: enrolled, a renewal asked for, its copy written."""
    box = Box(tmp_path)
    (box.boot / "site.toml").write_bytes(site())
    (box.boot / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    box.start()
    (box.data / MACHINE_ID).write_text("a" * 32 + "\n")
    (box.data / IDENTITY).write_bytes(PAIR)
    (box.data / NEXT_KEY).write_bytes(NEW_KEY)
    box.keep()
    return box


def test_all_comes_back(box: Box) -> None:
    before, card = box.found(), (box.boot / "site.toml").read_bytes()
    told = (box.boot / "RESULT.txt").stat().st_mtime_ns
    assert SECRET.encode() not in card
    box.made_anew()
    box.start()
    assert box.found() == before
    assert set(before) == set(MEMBERS) - {"site/secrets/claim", "site/secrets/wifi-password"}
    kept = find_in_force(box.data)
    assert kept is not None
    assert kept.settled
    # The card's file is the kept one: it changes nothing, and nothing is said anew.
    assert kept.number == 1
    assert (box.boot / "site.toml").read_bytes() == card
    assert (box.boot / "RESULT.txt").stat().st_mtime_ns == told
    copies = box.disk.read_bytes()
    box.keep()
    assert box.disk.read_bytes() == copies


@ROOT_ONLY
def test_each_file_is_its_readers(box: Box) -> None:
    box.made_anew()
    box.start(user=USER)
    for name, user, mode in (
        (IDENTITY, USER, 0o600),
        (NEXT_KEY, USER, 0o600),
        (MACHINE_ID, os.getuid(), 0o644),
        ("site/site.toml", os.getuid(), 0o640),
        ("site/secrets/sip-password", os.getuid(), 0o640),
        ("site/secrets", os.getuid(), 0o750),
    ):
        found = (box.data / name).stat()
        assert (found.st_uid, found.st_mode & 0o777) == (user, mode), name


@ROOT_ONLY
def test_a_folder_that_is_missing_is_made_for_its_user(box: Box) -> None:
    box.made_anew()
    (box.data / "health").rmdir()
    box.start(user=USER)
    found = (box.data / "health").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (USER, os.getgid(), 0o700)


def test_edited_settings_win_and_find_the_secret(box: Box) -> None:
    card = (box.boot / "site.toml").read_text().replace("Xã Ia Kly", "Xã Ia Phí")
    box.made_anew()
    (box.boot / "site.toml").write_text(card)
    box.start()
    assert "Xã Ia Phí" in (box.data / "site/site.toml").read_text()
    assert (box.data / "site/secrets/sip-password").read_text() == SECRET
    assert (box.data / IDENTITY).read_bytes() == PAIR


@pytest.mark.parametrize("card", [None, site(broken=True)], ids=["none", "with faults"])
def test_a_card_that_names_no_site_leaves_the_last_good_settings(
    box: Box, card: bytes | None
) -> None:
    before = box.found()
    box.made_anew()
    (box.boot / "site.toml").unlink()
    if card is not None:
        (box.boot / "site.toml").write_bytes(card)
    box.start()
    assert box.found() == before


def test_another_sites_card_gets_nothing_of_the_old_site(box: Box) -> None:
    other = site("Xã Ia Phí", " ").replace(b'"ia-kly"', b'"ia-phi"')
    box.made_anew()
    (box.boot / "site.toml").write_bytes(other)
    (box.boot / "ca.pem").unlink()
    box.start()
    assert b'"ia-phi"' in (box.data / "site/site.toml").read_bytes()
    assert set(box.found()) == {"site/site.toml", "site/record.json", "site/settled", MACHINE_ID}
    assert (box.data / MACHINE_ID).read_text() == "f" * 32 + "\n"
    box.keep()
    found = read(box.disk)
    assert found is not None
    assert found.members == box.found()


def test_a_box_that_has_settings_looks_at_no_copy(box: Box) -> None:
    (box.data / IDENTITY).unlink()
    before = box.found()
    box.start()
    assert box.found() == before


@pytest.mark.parametrize("content", [None, b"", bytes(5 * 2**20)], ids=["no", "short", "zero"])
def test_without_a_copy_it_is_a_new_box(box: Box, content: bytes | None) -> None:
    box.made_anew()
    box.disk.unlink()
    if content is not None:
        box.disk.write_bytes(content)
    box.start()
    assert find_in_force(box.data) is not None
    assert not (box.data / IDENTITY).exists()


def test_a_copy_that_cannot_be_unpacked_does_not_stop_the_start(box: Box) -> None:
    box.made_anew()
    (box.data / "health").rmdir()
    (box.data / "health").write_bytes(b"no folder")
    box.start()
    assert find_in_force(box.data) is not None


def test_an_identity_that_is_still_there_stays(box: Box) -> None:
    """The record is eaten, the rest is not; the certificate was renewed behind the copy's back."""
    renewed = PAIR.replace(KEY, NEW_KEY)
    (box.data / IDENTITY).write_bytes(renewed)
    (box.data / NEXT_KEY).unlink()
    (box.data / "site/record.json").write_bytes(b"")
    box.start()
    assert (box.data / IDENTITY).read_bytes() == renewed
    assert not (box.data / NEXT_KEY).exists()
    assert (box.data / "site/secrets/sip-password").read_text() == SECRET


def test_every_cut_between_two_operations_is_survived(box: Box) -> None:
    """On real files: before each operation and after the last; then a start."""
    before = box.found()
    on_card = take_apart((box.boot / "site.toml").read_bytes())
    due = restoration(read(box.disk), on_card, b"")
    assert len(due) == len(before) + 2
    for count in range(len(due) + 1):
        box.made_anew()
        for operation in due[:count]:
            perform(operation, box.boot, box.data, os.getgid())
        assert (find_in_force(box.data) is not None) == (count == len(due))
        box.start()
        assert box.found() == before


def test_every_two_cuts_within_operations_are_survived() -> None:
    """Each operation half done, then each again half done at the next start, then a whole start."""
    card = {"boot/site.toml": take_apart(site()).blanked}
    whole = {f"data/{name}".replace("site/", "site.d/1/", 1) for name in COPY.members}
    count = len(_due(CutDisk(dict(card))))
    for first, second, share in itertools.product(range(count), range(count), (0.0, 0.5, 1.0)):
        disk = CutDisk(dict(card))
        for at in (first, second):
            _run_until(disk, at, share)
            # The link comes last: where it is, all is.
            assert not disk.links or whole <= set(disk.files)
        _run_until(disk, count, 1.0)
        found = {name: disk.files[name] for name in whole}
        assert sorted(found.values()) == sorted(COPY.members.values())
        assert disk.files[f"data/{IDENTITY}"] == PAIR
        assert disk.files[f"data/{NEXT_KEY}"] == NEW_KEY
        assert disk.in_force("secrets/sip-password") == SECRET.encode()


def _due(disk: CutDisk) -> tuple[DiskOp, ...]:
    if disk.links:
        return ()
    return tuple(restoration(COPY, disk.on_card()[1], disk.files.get(f"data/{IDENTITY}", b"")))


def _run_until(disk: CutDisk, at: int, share: float) -> None:
    for index, operation in enumerate(_due(disk)):
        if index == at:
            disk.cut(operation, share, lambda old, _: old)
            return
        disk.perform(operation)
