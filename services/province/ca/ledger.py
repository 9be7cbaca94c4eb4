"""Requests for certificates and issued ones, kept as one file for each key.

A file that cannot be read is never taken for none: its key may have been revoked.

`Ledger` is what enrolment needs of a storage; a database may take the folder's place by the same
five methods. A file is written whole, so two copies of the program may share the folder.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from appliance.base.atomic_file import write_atomically

log = logging.getLogger("diemcau.province.ledger")


class LedgerError(Exception):
    """A file of the ledger cannot be read or written; says which and what to do."""


class EntryState(StrEnum):
    """Whether a key was decided on, and how."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Entry:
    """One device's key. A renewal is another key, hence another entry of the same site."""

    fingerprint: str
    """SHA-256 of the public key (DER), in hexadecimal."""
    claim: str
    site: str
    csr: str
    state: EntryState
    serial: str = ""
    model: str = ""
    asked_at: float = 0.0
    """When the first request came, POSIX seconds."""
    seen_at: float = 0.0
    certificate: str = ""
    number: str = ""
    """The certificate's serial number, decimal: JSON carries no integer of 160 bits."""
    ends_at: float = 0.0
    decided_at: float = 0.0
    decided_by: str = ""
    """Who decided: an account of the console, ``renewal``, ``cloned``."""
    follows: str = ""
    """The fingerprint of the key that this one replaces."""


class Ledger(Protocol):
    """What enrolment needs of a storage."""

    def get(self, fingerprint: str) -> Entry | None:
        """The entry of a key; raises `LedgerError` where it cannot be read."""
        ...

    def put(self, entry: Entry) -> None:
        """Store it in the place of the entry before."""
        ...

    def forget(self, fingerprint: str) -> None:
        """Delete the entry of a key."""
        ...

    def entries(self) -> Iterator[Entry]:
        """All, in no order."""
        ...


class FolderLedger:
    """One JSON file for each key; raises `OSError` where the folder cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broken: set[Path] = set()
        self._read_before: dict[str, tuple[tuple[int, int], Entry]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """Read every file; raises `LedgerError` for the first that cannot be read."""
        for file in sorted(self._folder.glob("*.json")):
            _read(file)

    def get(self, fingerprint: str) -> Entry | None:
        """The entry of a key; raises `LedgerError` where its file cannot be read."""
        return _read(self._file(fingerprint))

    def put(self, entry: Entry) -> None:
        """Store it in the place of the entry before.

        Raises `LedgerError` where the disk refuses.
        """
        content = json.dumps(asdict(entry), ensure_ascii=False, indent=1).encode()
        file = self._file(entry.fingerprint)
        try:
            write_atomically(file, content)
        except OSError as error:
            raise LedgerError(f"{file} cannot be written: {error.strerror}; make room") from error

    def forget(self, fingerprint: str) -> None:
        """Delete the entry of a key."""
        self._file(fingerprint).unlink(missing_ok=True)
        self._read_before.pop(self._file(fingerprint).name, None)

    def entries(self) -> Iterator[Entry]:
        """All, in the order of their fingerprints. A file that cannot be read is told of and
        passed over: it costs its own device alone."""
        for file in sorted(self._folder.glob("*.json")):
            try:
                entry = self._known(file)
            except LedgerError as error:
                if file not in self._broken:
                    self._broken.add(file)
                    log.error("%s", error)  # noqa: TRY400 - the sentence says it all
                continue
            if entry is not None:
                yield entry

    def _known(self, file: Path) -> Entry | None:
        """As it was read before, unless it was written anew: a thousand files for each request
        would be the cheapest way to keep the program busy."""
        try:
            state = file.stat()
        except FileNotFoundError:
            self._read_before.pop(file.name, None)
            return None
        version = (state.st_ino, state.st_mtime_ns)
        before = self._read_before.get(file.name)
        if before is not None and before[0] == version:
            return before[1]
        entry = _read(file)
        if entry is not None:
            self._read_before[file.name] = (version, entry)
        return entry

    def version(self) -> int:
        """Another number after each `put` and `forget`, whoever did it: the folder's mtime."""
        return self._folder.stat().st_mtime_ns

    def _file(self, fingerprint: str) -> Path:
        if not fingerprint.isalnum():
            raise ValueError(f"{fingerprint!r} is no fingerprint; one is 64 hexadecimal digits")
        return self._folder / f"{fingerprint}.json"


def _read(file: Path) -> Entry | None:
    """None where there is no such file, of which a forgotten request is one."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"{file} cannot be read: {error.strerror}; look at the disk") from error
    try:
        values = json.loads(content)
        return Entry(**(values | {"state": EntryState(values["state"])}))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LedgerError(
            f"{file} is no entry of the ledger ({error}); put it back from a backup, or delete it:"
            " then its device has to be approved anew"
        ) from error
