"""A room of its own makers, for the floor's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.janus import janus
from tests.process.ports import free_port
from tests.process.room import Room


@pytest.fixture
def real_janus(tmp_path: Path) -> Iterator[Room]:
    """A Janus of its own makers, with its room."""
    port = free_port()
    (tmp_path / "janus").mkdir()
    with janus(tmp_path / "janus", port):
        yield Room(port)


@pytest.fixture
def janus_of_texts(tmp_path: Path) -> Iterator[Room]:
    """One whose rooms and participants have texts in place of numbers (``string_ids``)."""
    port = free_port()
    (tmp_path / "janus").mkdir()
    with janus(tmp_path / "janus", port, string_ids=True):
        yield Room(port)
