"""The boot state: whatever prefix of its writes reaches the card, some slot starts."""

import itertools
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.slots.boot_state_disk import read_state, write_state
from services.slots.slots_command import slots
from services.slots.state import (
    COPY_OFFSETS,
    MAX_ATTEMPTS,
    SECTOR_BYTES,
    SLOTS,
    BootState,
    newest,
    parse,
)

STATES = [
    BootState(order, left, seq)
    for order in (SLOTS, SLOTS[::-1])
    for left in itertools.product(range(MAX_ATTEMPTS + 1), range(MAX_ATTEMPTS + 1))
    for seq in (1, 2, 15, 16)
]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_state_is_read_as_it_was_written(state: BootState) -> None:
    assert parse(bytes(state)) == state


@pytest.mark.slow
def test_every_torn_sector_leaves_the_state_before_or_the_state_after() -> None:
    """Each byte that a write could have stopped at, for each state and each change of it."""
    for state in STATES[:: len(STATES) // 16]:
        changes = [state.tried()[1], state.with_primary("B"), state.with_attempts("A", 0)]
        for change in changes:
            after = BootState(change.order, change.left, state.seq + 1)
            before = BootState(SLOTS, (1, 1), state.seq - 1)
            for cut in range(SECTOR_BYTES + 1):
                torn = bytes(after)[:cut] + bytes(before)[cut:]
                found, _ = newest((bytes(state), torn))
                assert found in (state, after)
                assert found.primary() in SLOTS


def test_a_garbled_copy_is_not_believed() -> None:
    state = BootState(seq=7)
    for at in range(SECTOR_BYTES):
        garbled = bytearray(bytes(BootState(seq=8)))
        garbled[at] ^= 0x10
        assert newest((bytes(garbled), bytes(state))) == (state, 0)


def test_without_any_copy_both_slots_have_all_attempts() -> None:
    assert newest((bytes(SECTOR_BYTES), b"\xff" * SECTOR_BYTES)) == (BootState(), 0)


def test_a_slot_that_never_gets_there_is_left_after_three_attempts_and_nothing_ever_ends() -> None:
    state, started = BootState().with_primary("B"), []
    for _ in range(24):
        slot, state = state.tried()
        started.append(slot)
    assert "".join(started) == "BBBAAA" * 4


def test_a_slot_that_is_marked_good_stays() -> None:
    state, started = BootState(), []
    for _ in range(9):
        slot, state = state.tried()
        state = state.with_attempts(slot, MAX_ATTEMPTS)
        started.append(slot)
    assert started == ["A"] * 9


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(b"\xa5" * (COPY_OFFSETS[1] + 2 * SECTOR_BYTES))
    return path


def test_the_backend_says_what_rauc_asks(disk: Path) -> None:
    def ask(*words: str) -> str:
        done = CliRunner().invoke(slots, ["--disk", str(disk), *words])
        assert done.exit_code == 0, done.output
        return done.output.strip()

    assert ask("get-primary") == "A"
    ask("set-state", "B", "bad")
    assert ask("get-state", "B") == "bad"
    ask("set-primary", "B")
    assert (ask("get-primary"), ask("get-state", "B")) == ("B", "good")
    ask("set-state", "B", "bad")
    assert ask("get-primary") == "A"
    assert ask("show").startswith("order B A; attempts left: A 3, B 0; state 3")


def test_the_older_copy_is_overwritten_and_nothing_else(disk: Path) -> None:
    before = disk.read_bytes()
    seen = set()
    for number in range(1, 6):
        kept = disk.read_bytes()
        write_state(disk, read_state(disk).with_attempts("A", number % 3))
        now = disk.read_bytes()
        changed = [
            place
            for place in COPY_OFFSETS
            if now[place:][:SECTOR_BYTES] != kept[place:][:SECTOR_BYTES]
        ]
        assert len(changed) == 1
        seen.add(changed[0])
    assert seen == set(COPY_OFFSETS)
    for place in COPY_OFFSETS:
        before = before[:place] + now[place : place + SECTOR_BYTES] + before[place + SECTOR_BYTES :]
    assert now == before


def test_what_is_so_already_is_not_written(disk: Path) -> None:
    write_state(disk, BootState().with_primary("B"))
    kept = disk.read_bytes()
    write_state(disk, read_state(disk).with_primary("B"))
    assert disk.read_bytes() == kept
