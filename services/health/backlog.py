"""What could not be sent, on the disk: bounded, oldest first, and nothing lost by a restart.

Files of some sixty kilobytes, each report a line; a file that was sent whole is removed. After a
restart the oldest file is sent again from its begin, and the province knows each report by its
id. When the whole grows above its bound the oldest file goes: what happened last matters most.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.wire.topics import FROM_SITE, Kind

log = logging.getLogger("diemcau.health.backlog")

FILE_BYTES = 64 * 1024
MAX_FILES = 32
"""Two megabytes: a day and more at the calm rhythm, and little for a card's wear."""


@dataclass(frozen=True, slots=True)
class Item:
    """One report that waits: what topic it is for, and its payload."""

    kind: Kind
    payload: bytes


class Backlog:
    """Blocking file work; to be called from one thread at a time."""

    def __init__(
        self, folder: Path, *, file_bytes: int = FILE_BYTES, max_files: int = MAX_FILES
    ) -> None:
        self._folder = folder
        self._file_bytes = file_bytes
        self._max_files = max_files
        self._files = deque(sorted(folder.glob("*.jsonl"), key=_number))
        self._next = _number(self._files[-1]) + 1 if self._files else 0
        self._writing: Path | None = None
        self._head: deque[Item] = deque()
        self._head_file: Path | None = None
        self._failed = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._head and not self._files

    def append(self, items: Iterable[Item]) -> None:
        """Keep these, in their order; synced once. What the disk does not take is logged once."""
        lines = b"".join(
            json.dumps([item.kind.value, item.payload.decode()], ensure_ascii=False).encode()
            + b"\n"
            for item in items
        )
        if not lines:
            return
        try:
            self._write(lines)
            self._failed = False
        except OSError as error:
            # Half a line may stand there: what follows belongs into another file.
            self._writing = None
            self._log_failed("reports are lost", error)

    def first(self, limit: int) -> list[Item]:
        """The oldest that wait; they stay until they are removed."""
        while not self._head and self._files:
            self._open_oldest()
        return [self._head[index] for index in range(min(limit, len(self._head)))]

    def remove(self, count: int) -> None:
        """The first `count` were taken by the broker."""
        for _ in range(count):
            self._head.popleft()
        if not self._head and self._head_file is not None:
            self._remove(self._head_file)
            self._head_file = None

    def _write(self, lines: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._writing is None or self._writing.stat().st_size >= self._file_bytes:
            new = self._folder / f"{self._next:09d}.jsonl"
            new.touch()
            self._writing = new
            self._next += 1
            self._files.append(new)
        with self._writing.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        while len(self._files) > self._max_files:
            self._remove(self._files.popleft())
            log.warning("backlog: full; the oldest reports are dropped")

    def _remove(self, file: Path) -> None:
        """A disk that is read-only keeps it: after a restart it is sent again, and known again."""
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._log_failed("what was sent stays", error)

    def _log_failed(self, what: str, error: OSError) -> None:
        if not self._failed:
            log.warning("backlog: %s, %s: %s", what, self._folder, error.strerror)
        self._failed = True

    def _open_oldest(self) -> None:
        self._head_file = self._files.popleft()
        if self._head_file == self._writing:
            self._writing = None
        self._head = deque(_items(self._head_file))
        if not self._head:
            self._remove(self._head_file)
            self._head_file = None


def _number(file: Path) -> int:
    return int(file.stem) if file.stem.isdigit() else 0


def _items(file: Path) -> Iterable[Item]:
    """The whole lines of a file; one that a power cut left half is no report."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            kind, payload = json.loads(line)
            if kind in FROM_SITE:
                yield Item(Kind(kind), payload.encode())
        except (ValueError, TypeError, AttributeError):
            continue
