"""The log of a guest's writes and its replay, on a log made by hand."""

import random
import struct
from pathlib import Path

import pytest

from tests.image.machine.power_cuts.write_log import (
    DISCARD,
    FLUSH,
    FUA,
    MAGIC,
    SECTOR,
    Replay,
    Write,
    writes,
)

CARD = b"".join(bytes([number]) * SECTOR for number in range(8))


def log_of(folder: Path, *entries: tuple[int, bytes, int]) -> Path:
    """Sector, data and flags of each; as dm-log-writes has them on its disk."""
    parts = [struct.pack("<QQQI", MAGIC, 1, len(entries), SECTOR).ljust(SECTOR, b"\0")]
    for sector, data, flags in entries:
        size = len(data) // SECTOR
        parts.append(struct.pack("<QQQQ", sector, size, flags, 0).ljust(SECTOR, b"\0"))
        parts.append(b"" if flags & DISCARD else data)
    log = folder / "log"
    log.write_bytes(b"".join(parts))
    return log


@pytest.fixture
def card(tmp_path: Path) -> Path:
    card = tmp_path / "card"
    card.write_bytes(CARD)
    return card


def block(letter: bytes, count: int = 1) -> bytes:
    return letter * SECTOR * count


def test_the_card_after_each_write(tmp_path: Path, card: Path) -> None:
    log = log_of(
        tmp_path, (2, block(b"a", 2), 0), (0, b"", FLUSH), (3, block(b"b"), FUA),
        (5, block(b"c"), DISCARD),
    )  # fmt: skip
    found = list(writes(log))
    assert [write.size // SECTOR for write in found] == [2, 0, 1, 1]
    assert found[0].touches(3 * SECTOR, 4 * SECTOR)
    assert not found[0].touches(4 * SECTOR, 5 * SECTOR)
    wanted = bytearray(CARD)
    with Replay(log, card) as replay:
        for write, (sector, data) in zip(
            found,
            [(2, block(b"a", 2)), (0, b""), (3, block(b"b")), (5, bytes(SECTOR))],
            strict=True,
        ):
            replay.do(write)
            wanted[sector * SECTOR : sector * SECTOR + len(data)] = data
            assert card.read_bytes() == bytes(wanted)


def test_only_what_came_after_the_last_flush_is_lost_and_comes_again(
    tmp_path: Path, card: Path
) -> None:
    log = log_of(
        tmp_path, (1, block(b"s"), 0), (0, b"", FLUSH), (2, block(b"x"), 0), (2, block(b"y"), 0),
        (4, block(b"z"), 0), (6, block(b"f"), FUA),
    )  # fmt: skip
    seen = set()
    chance = random.Random(1)
    with Replay(log, card) as replay:
        for write in writes(log):
            replay.do(write)
        whole = card.read_bytes()
        for _ in range(100):
            with replay.without_some(chance) as gone:
                now = card.read_bytes()
            assert card.read_bytes() == whole
            assert now[SECTOR : 2 * SECTOR] == block(b"s")
            assert now[6 * SECTOR : 7 * SECTOR] == block(b"f")
            seen.add((gone, now[2 * SECTOR : 2 * SECTOR + 1], now[4 * SECTOR : 4 * SECTOR + 1]))
    middles = {(middle, last) for _, middle, last in seen}
    assert middles == {(m, z) for m in (b"\2", b"x", b"y") for z in (b"\4", b"z")}
    assert {gone for gone, _, _ in seen} == {0, 1, 2, 3}


def test_another_file_is_no_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(bytes(4096))
    with pytest.raises(ValueError, match="no log of writes"):
        list(writes(log))


def test_a_flush_writes_nothing() -> None:
    assert not Write(0, 0, SECTOR, FLUSH).touches(0, SECTOR)
