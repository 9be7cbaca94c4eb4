"""The second copy: whatever prefix of a write reaches the card, one copy is whole."""

import hashlib
import io
import itertools
import re
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.provisioning.second_copy import (
    IDENTITY,
    MAX_COPY_BYTES,
    MEMBERS,
    NEXT_KEY,
    SECOND_COPY_OFFSETS,
    SECTOR_BYTES,
    SETTINGS,
    SecondCopy,
    TooLargeError,
    decode,
    encode,
    newest,
    to_keep,
)
from services.provisioning.second_copy_disk import read, write
from services.slots import state
from tests.provisioning.site_files import CERTIFICATE, KEY, NEW_KEY, PAIR, PASSWORD, members, site

RECIPE = Path(__file__).parents[2] / "image/recipe/disk"


def of_another_site() -> dict[str, bytes]:
    return members() | {SETTINGS: site().replace(b'"ia-kly"', b'"ia-phi"')}


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A card that was used before: no byte of its gap is zero."""
    path = tmp_path / "disk"
    path.write_bytes(b"\xa5" * (5 * 2**20))
    return path


contents = st.dictionaries(st.sampled_from(MEMBERS), st.binary(max_size=2000)).map(
    lambda some: members() | some | {SETTINGS: site()}
)


@given(found=contents, seq=st.integers(0, 2**64 - 1))
def test_a_copy_is_read_as_it_was_written(found: dict[str, bytes], seq: int) -> None:
    copy = SecondCopy(found, seq)
    block = encode(copy)
    assert len(block) % SECTOR_BYTES == 0
    assert decode(block) == copy
    assert decode(block.ljust(MAX_COPY_BYTES, b"\xa5")) == copy


@given(st.binary(max_size=4 * SECTOR_BYTES))
def test_what_is_no_copy_is_none(block: bytes) -> None:
    assert decode(block) is None


@given(at=st.integers(0, len(encode(SecondCopy(members(), 7))) - 1), bit=st.integers(0, 7))
def test_a_garbled_copy_is_not_used(at: int, bit: int) -> None:
    block = bytearray(encode(SecondCopy(members(), 7)))
    whole = SecondCopy(members("Xã Ia Phí"), 6)
    block[at] ^= 1 << bit
    found, older = newest((bytes(block), encode(whole)))
    # Behind its sum the header's sector is empty.
    empty = 52 <= at < SECTOR_BYTES
    assert (found, older) == ((SecondCopy(members(), 7), 1) if empty else (whole, 0))


@pytest.mark.slow
def test_every_torn_write_leaves_the_older_copy_or_the_newer(disk: Path) -> None:
    """Each number of sectors that can have reached the card, over a new card, a first, a second
    and a third copy."""
    kept: list[SecondCopy | None] = [None]
    for name in ("Xã Ia Kly", "Xã Ia Phí", "Xã Ia Ly", "Xã Ia Mơ"):
        before = disk.read_bytes()
        assert write(disk, members(name))
        after = disk.read_bytes()
        new = read(disk)
        assert new is not None
        assert new.members == members(name)
        changed = [
            place
            for place in SECOND_COPY_OFFSETS
            if after[place:][:MAX_COPY_BYTES] != before[place:][:MAX_COPY_BYTES]
        ]
        assert len(changed) == 1
        count = len(encode(new)) // SECTOR_BYTES
        for sectors in range(count + 1):
            cut = changed[0] + sectors * SECTOR_BYTES
            torn = after[:cut] + before[cut:]
            disk.write_bytes(torn)
            # The last sectors are the old copy's: of zeros, as in each archive.
            assert read(disk) == (new if torn == after else kept[-1])
        assert torn == after
        kept.append(new)
    assert [copy.seq for copy in kept if copy] == [1, 2, 3, 4]


def test_after_a_torn_write_the_whole_copy_is_not_the_one_overwritten(disk: Path) -> None:
    write(disk, members())
    before = disk.read_bytes()
    write(disk, members("Xã Ia Phí"))
    cut = SECOND_COPY_OFFSETS[1] + 3 * SECTOR_BYTES
    disk.write_bytes(disk.read_bytes()[:cut] + before[cut:])
    first = disk.read_bytes()[SECOND_COPY_OFFSETS[0] :][:MAX_COPY_BYTES]
    assert write(disk, members("Xã Ia Ly"))
    assert disk.read_bytes()[SECOND_COPY_OFFSETS[0] :][:MAX_COPY_BYTES] == first
    found = read(disk)
    assert found is not None
    assert found.members == members("Xã Ia Ly")


def test_what_is_so_already_is_not_written(disk: Path) -> None:
    assert write(disk, members())
    before = disk.read_bytes()
    assert not write(disk, members())
    assert disk.read_bytes() == before


def test_nothing_but_the_two_places_is_written(disk: Path) -> None:
    before = disk.read_bytes()
    for name in ("a", "b", "c"):
        write(disk, members(name))
    now = disk.read_bytes()
    for place in SECOND_COPY_OFFSETS:
        now = now[:place] + before[place : place + MAX_COPY_BYTES] + now[place + MAX_COPY_BYTES :]
    assert now == before


def test_the_places_lie_between_boot_state_and_first_partition() -> None:
    found = re.search(r"^start=\$\(\((\d+) \* 2048\)\)", RECIPE.read_text(), re.MULTILINE)
    assert found
    taken = [(0, SECTOR_BYTES), *((place, state.SECTOR_BYTES) for place in state.COPY_OFFSETS)]
    taken += [(place, MAX_COPY_BYTES) for place in SECOND_COPY_OFFSETS]
    taken += [(int(found[1]) * 2048 * SECTOR_BYTES, 1)]
    taken.sort()
    assert all(a + size <= b for (a, size), (b, _) in itertools.pairwise(taken))


def test_what_has_no_room_is_refused_and_the_old_copy_stays(disk: Path) -> None:
    write(disk, members())
    before = disk.read_bytes()
    with pytest.raises(TooLargeError, match=rf"{SETTINGS} with {MAX_COPY_BYTES + 1}$"):
        write(disk, members() | {SETTINGS: site().ljust(MAX_COPY_BYTES + 1, b"#")})
    assert disk.read_bytes() == before


def test_the_largest_site_file_that_first_boot_reads_has_room(disk: Path) -> None:
    assert write(disk, members() | {SETTINGS: site().ljust(256 * 1024, b"\n")})


def test_members_that_this_release_does_not_know_are_passed_over() -> None:
    """A name that leads out of the folder, a link, a folder, and a name that nobody knows yet."""
    block = encode(SecondCopy(members(), 3))
    body = io.BytesIO(block[SECTOR_BYTES:])
    with tarfile.open(fileobj=body, mode="a") as tar:
        for name, kind in (
            ("../etc/passwd", tarfile.REGTYPE),
            (NEXT_KEY, tarfile.SYMTYPE),
            ("site/secrets/claim", tarfile.DIRTYPE),
            ("site/colours.toml", tarfile.REGTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/shadow"
            tar.addfile(entry)
    assert decode(signed(body.getvalue(), 3)) == SecondCopy(members(), 3)


def test_an_archive_that_cannot_be_read_or_has_no_settings_is_no_copy() -> None:
    assert decode(signed(b"no tar" * 500, 3)) is None
    without = dict(members())
    del without[SETTINGS]
    assert decode(encode(SecondCopy(without, 3))) is None
    assert decode(encode(SecondCopy(members() | {SETTINGS: b"[site"}, 3))) is None


def signed(body: bytes, seq: int) -> bytes:
    """`body` with the header that the format asks for, put together by hand."""
    head = b"DIEMCAU2" + seq.to_bytes(8, "little") + len(body).to_bytes(4, "little")
    return (head + hashlib.sha256(head + body).digest()).ljust(SECTOR_BYTES, b"\0") + body


LAST = SecondCopy(members() | {NEXT_KEY: NEW_KEY}, 4)


def without(found: Mapping[str, bytes], *names: str) -> dict[str, bytes]:
    return {name: content for name, content in found.items() if name not in names}


def test_what_the_data_partition_has_lost_stays_in_the_copy() -> None:
    """Settings that came from the card again: the secret is blank, the identity broken or none."""
    found = without(members("Xã Ia Phí"), PASSWORD, IDENTITY)
    assert to_keep(found, LAST) == members("Xã Ia Phí") | {NEXT_KEY: NEW_KEY}
    zeros = found | {IDENTITY: bytes(len(PAIR)), NEXT_KEY: KEY}
    assert to_keep(zeros, LAST) == members("Xã Ia Phí") | {NEXT_KEY: NEW_KEY}


def test_what_the_data_partition_has_goes_before_the_copy() -> None:
    renewed = members() | {IDENTITY: NEW_KEY + CERTIFICATE, PASSWORD: b"Khac"}
    assert to_keep(renewed, LAST) == renewed


def test_another_site_takes_nothing_over() -> None:
    found = without(of_another_site(), PASSWORD, IDENTITY)
    assert to_keep(found, LAST) == found


def test_a_key_whose_certificate_has_come_waits_for_none() -> None:
    found = members() | {NEXT_KEY: KEY}
    assert to_keep(found, None) == members()
    waiting = without(members(), IDENTITY) | {NEXT_KEY: KEY}
    assert to_keep(waiting, None) == waiting


def test_a_key_that_waits_is_not_put_beside_an_identity_that_it_does_not_follow() -> None:
    anew = without(members(), IDENTITY) | {NEXT_KEY: NEW_KEY}
    assert to_keep(anew, replace(LAST, members=members())) == members()
