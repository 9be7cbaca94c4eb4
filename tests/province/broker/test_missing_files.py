"""The broker's folder with a file missing or broken: no start, and nothing is overwritten."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.province.broker.local_broker import LocalBroker, run_local_broker
from services.province.ca.authority_files import AuthorityError
from services.province.ca.ledger import Entry, EntryState, LedgerError
from services.province.ca.renewal import listed
from services.province.command import province
from tests.process.ports import free_port
from tests.province.broker.memory_store import MemoryStore

pytestmark = pytest.mark.case("K13")
ENTRY = Entry("0a" * 32, "7KQF-M2XH", "ia-kly", "csr", EntryState.REVOKED, number="5")


def started_once(folder: Path) -> LocalBroker:
    """A broker's folder as a first start leaves it, with one device in its ledger."""
    choice = LocalBroker(folder / "broker", port=free_port())
    authority = choice.authority(time.time())
    choice.ledger.put(ENTRY)
    choice.files.write(authority, choice.names, time.time())
    choice.files.revoke(authority, [5], time.time())
    return choice


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _forget_the_authority(at: Path) -> None:
    shutil.rmtree(at / "authority")
    (at / "ca.pem").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda at: (at / "authority/authority.pem").unlink(), "authority.pem is missing"),
        (lambda at: (at / "authority/authority-key.pem").unlink(), "authority-key.pem is missing"),
        (lambda at: shutil.rmtree(at / "authority"), "authority.pem is missing, of which sites"),
        (_forget_the_authority, "authority.pem is missing, of which sites"),
        (lambda at: shutil.rmtree(at / "ledger"), "ledger is missing"),
        (
            lambda at: (at / f"ledger/{ENTRY.fingerprint}.json").write_bytes(b'{"state"'),
            f"{ENTRY.fingerprint}.json is no entry of the ledger",
        ),
    ],
)
async def test_the_program_does_not_start_and_says_which_file(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    choice = started_once(tmp_path)
    spoil(choice.folder)
    before = contents(choice.folder)
    with pytest.raises((AuthorityError, LedgerError), match=said):
        async with run_local_broker(choice, MemoryStore().store):
            pass
    assert contents(choice.folder) == before


def test_the_command_says_it_in_a_sentence(tmp_path: Path) -> None:
    choice = started_once(tmp_path)
    (choice.folder / "authority/authority.pem").unlink()
    before = (choice.folder / "authority/authority-key.pem").read_bytes()
    done = CliRunner().invoke(
        province,
        ["--data", str(tmp_path), "--port", str(free_port()), "--broker-port", str(choice.port)],
    )
    assert done.exit_code == 1
    assert "authority.pem is missing beside authority-key.pem; put it back" in done.output
    assert "Traceback" not in done.output
    assert (choice.folder / "authority/authority-key.pem").read_bytes() == before


def test_an_authority_of_another_pki_is_taken_at_the_first_start(tmp_path: Path) -> None:
    other = LocalBroker(tmp_path / "other").authority(time.time())
    (tmp_path / "broker").mkdir()
    shutil.copytree(tmp_path / "other/authority", tmp_path / "broker/authority")
    assert LocalBroker(tmp_path / "broker").authority(time.time()).pem == other.pem


def test_what_was_revoked_stays_so_though_the_ledger_lost_it(tmp_path: Path) -> None:
    choice = started_once(tmp_path)
    authority = choice.authority(time.time())
    choice.ledger.forget(ENTRY.fingerprint)
    choice.files.revoke(authority, [7], time.time())
    choice.files.revoke(authority, [], time.time())
    assert listed(choice.files.revoked, authority) == {5, 7}
    choice.files.revoked.write_bytes(choice.files.revoked.read_bytes()[:99])  # half written
    choice.files.revoke(authority, [7], time.time())
    assert listed(choice.files.revoked, authority) == {7}
