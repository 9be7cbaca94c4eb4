"""The backlog: oldest first, bounded, and a restart or half a line costs nothing that was whole."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.wire.topics import Kind
from services.health.backlog import Backlog, Item


def item(number: int, size: int = 10) -> Item:
    return Item(Kind.HEALTH, f"{number:0{size}d}".encode())


def drain(backlog: Backlog) -> list[Item]:
    found: list[Item] = []
    while kept := backlog.first(3):
        found += kept
        backlog.remove(len(kept))
    return found


def test_what_is_kept_comes_back_oldest_first_and_goes(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "q")
    assert backlog.empty
    assert backlog.first(5) == []
    backlog.append([])
    backlog.append([item(1), item(2)])
    backlog.append([item(3)])
    assert not backlog.empty
    assert backlog.first(2) == [item(1), item(2)]
    assert backlog.first(2) == [item(1), item(2)]  # until they are removed
    backlog.remove(2)
    assert drain(backlog) == [item(3)]
    assert backlog.empty
    assert list((tmp_path / "q").iterdir()) == []


def test_a_restart_finds_all_that_was_not_done_and_may_repeat_a_little(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path, file_bytes=100)
    for number in range(30):
        backlog.append([item(number)])
    backlog.remove(len(backlog.first(2)))
    again = drain(Backlog(tmp_path, file_bytes=100))
    assert again[-28:] == [item(number) for number in range(2, 30)]
    assert len(again) <= 30


def test_what_comes_while_the_head_is_being_sent_waits_behind_it(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path)
    backlog.append([item(1)])
    assert backlog.first(8) == [item(1)]
    backlog.append([item(2)])
    backlog.remove(1)
    assert drain(backlog) == [item(2)]


def test_half_a_line_of_a_power_cut_is_no_report(tmp_path: Path) -> None:
    Backlog(tmp_path).append([item(1), item(2)])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-7] + b"\n[]\n[1,2]\n{}\n\xff\n" + b'["nudge","x"]')
    assert drain(Backlog(tmp_path)) == [item(1)]


@pytest.mark.slow
def test_it_never_grows_above_its_bound_and_the_newest_stay(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path, file_bytes=500, max_files=4)
    for number in range(250):
        backlog.append([item(number)])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 4 * 600
    kept = drain(backlog)
    assert kept[-1] == item(249)
    assert kept == [item(number) for number in range(250 - len(kept), 250)]


def test_a_disk_that_cannot_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "q").write_text("a file where the folder should be")
    backlog = Backlog(tmp_path / "q")
    backlog.append([item(1)])
    backlog.append([item(2)])
    assert backlog.first(1) == []


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.one_of(st.integers(1, 5), st.none()), max_size=30))
def test_any_order_of_keeping_and_sending_loses_and_turns_nothing(steps: list[int | None]) -> None:
    """A number keeps so many; None sends some."""
    with tempfile.TemporaryDirectory() as folder:
        backlog = Backlog(Path(folder), file_bytes=60)
        kept: list[Item] = []
        sent: list[Item] = []
        for step in steps:
            if step is None:
                some = backlog.first(2)
                sent += some
                backlog.remove(len(some))
            else:
                new = [item(len(kept) + number) for number in range(step)]
                kept += new
                backlog.append(new)
        assert sent + drain(backlog) == kept
