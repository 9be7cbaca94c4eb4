"""Small files survive a cut, and a neighbour's facts go stale."""

from pathlib import Path

import pytest

from appliance.base.atomic_file import write_atomically
from appliance.base.errors import FactFileError
from appliance.base.fact_file import ENDPOINT_FILE
from appliance.wire.facts import EndpointFacts


def test_a_durable_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["state"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    (path / "in the way").touch()
    with pytest.raises(OSError, match="directory"):
        write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_facts_are_read_back_until_they_are_stale(tmp_path: Path) -> None:
    facts = EndpointFacts(phase="idle", speaker="Xã Ia Kly")
    ENDPOINT_FILE.write(tmp_path, facts, now=100.0)
    fresh = ENDPOINT_FILE.read(tmp_path, now=109.0, fresh_s=10)
    assert fresh is not None
    assert (fresh.speaker, fresh.at) == ("Xã Ia Kly", 100.0)
    assert ENDPOINT_FILE.read(tmp_path, now=111.0, fresh_s=10) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"phase": "idle"}', b'{"at": "soon"}'])
def test_a_broken_fact_file_is_silence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "endpoint.json").write_bytes(content)
    assert ENDPOINT_FILE.read(tmp_path, now=0, fresh_s=10) is None


def test_a_fact_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FactFileError, match="cannot write"):
        ENDPOINT_FILE.write(tmp_path / "file", EndpointFacts(phase="idle"), now=0)
