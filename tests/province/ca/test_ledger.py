"""The ledger of keys: whole files, one each, shared by two copies, and no file of others read."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.province.ca.ledger import Entry, EntryState, FolderLedger, LedgerError

KEY = "0a" * 32
ENTRY = Entry(
    KEY, "7KQF-M2XH", "ia-kly", "-----BEGIN…", EntryState.PENDING, "100", "Pi 5", 1.5, 2.5
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=40)
@given(
    st.builds(
        Entry, st.just(KEY), TEXT, TEXT, TEXT, st.sampled_from(EntryState), TEXT, TEXT,
        st.floats(0, 4e9), st.floats(0, 4e9), TEXT, st.integers(0, 2**160).map(str),
    )
)  # fmt: skip
def test_an_entry_goes_there_and_back(tmp_path_factory: pytest.TempPathFactory, one: Entry) -> None:
    ledger = FolderLedger(tmp_path_factory.mktemp("ledger"))
    ledger.put(one)
    found = ledger.get(KEY)
    assert found == one
    assert found is not None
    assert type(found.state) is EntryState


def test_the_newest_word_stands_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    ledger, other = FolderLedger(tmp_path / "a/b"), FolderLedger(tmp_path / "a/b")
    assert ledger.get(KEY) is None
    ledger.put(ENTRY)
    approved = replace(ENTRY, state=EntryState.APPROVED, decided_by="lan")
    other.put(approved)
    assert ledger.get(KEY) == approved
    assert list(ledger.entries()) == [approved]
    other.forget(KEY)
    other.forget(KEY)
    assert (ledger.get(KEY), list(ledger.entries())) == (None, [])


@pytest.mark.case("K13")
def test_a_broken_file_is_told_by_name_and_costs_its_own_device_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = FolderLedger(tmp_path)
    for digit in "c0f5":
        ledger.put(replace(ENTRY, fingerprint=digit * 64))
    ledger.check()
    whole = (tmp_path / f"{'c' * 64}.json").read_bytes()
    for number, content in enumerate(
        (
            b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"state": "lost"}',
            b'{"state": "pending"}',
            whole[:-1], whole[: len(whole) // 2], b"\0" * len(whole), b"[" * 100_000,
        )
    ):  # fmt: skip
        (tmp_path / f"d{number}.json").write_bytes(content)
        with pytest.raises(LedgerError, match=f"d{number}.json is no entry of the ledger"):
            ledger.get(f"d{number}")
        with pytest.raises(LedgerError, match="put it back from a backup, or delete it"):
            ledger.check()
        assert [one.fingerprint[0] for one in ledger.entries()] == ["0", "5", "c", "f"]
        assert (tmp_path / f"d{number}.json").read_bytes() == content
        (tmp_path / f"d{number}.json").rename(tmp_path / f"{KEY}.json.tmp")
    told = [line for line in caplog.messages if "is no entry of the ledger" in line]
    assert len(told) == 12


@pytest.mark.case("K13")
def test_what_the_disk_refuses_is_told_by_name(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    (tmp_path / f"{KEY}.json").mkdir()  # nothing can be renamed onto it, whoever one is
    with pytest.raises(LedgerError, match=f"{KEY}.json cannot be written: .*; make room"):
        ledger.put(ENTRY)
    ledger.put(replace(ENTRY, fingerprint="f" * 64))
    with pytest.raises(LedgerError, match=f"{KEY}.json cannot be read"):
        ledger.get(KEY)
    assert [one.fingerprint[0] for one in ledger.entries()] == ["f"]


def test_each_change_of_whichever_copy_is_another_version(tmp_path: Path) -> None:
    ledger, other = FolderLedger(tmp_path), FolderLedger(tmp_path)
    for change in (partial(other.put, ENTRY), partial(other.forget, KEY)):
        os.utime(
            tmp_path, ns=(5, 5)
        )  # the kernel's clock of files ticks some hundred times a second
        assert ledger.version() == 5
        change()
        changed = ledger.version()
        assert changed != 5
        assert other.version() == changed


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "-", "a\0"])
def test_what_is_no_fingerprint_is_no_name_of_a_file(tmp_path: Path, name: str) -> None:
    ledger = FolderLedger(tmp_path)
    for ask in (ledger.get, ledger.forget):
        with pytest.raises(ValueError, match="is no fingerprint"):
            ask(name)
    with pytest.raises(ValueError, match="is no fingerprint"):
        ledger.put(replace(ENTRY, fingerprint=name))
    assert list(tmp_path.rglob("*")) == []
