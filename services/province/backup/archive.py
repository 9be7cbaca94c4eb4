"""The file of a back-up: a ZIP with a manifest, which has the hash of everything else in it.

A back-up is written beside its place and gets its name when it is whole; it is read only after
every hash was compared.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
"""A hundred bytes for each file of the ledger, of which a province has some thousands."""
CHUNK_BYTES = 1 << 20


class BackupError(Exception):
    """A back-up cannot be made, read or restored; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up holds."""

    made_at: float
    """POSIX seconds, before anything was read."""
    release: str
    """The program's version."""
    database: str
    """``sqlite`` or ``postgresql``; it may be restored into the other."""
    revision: str
    """The database's, of the migrations."""
    tables: dict[str, int]
    """Rows of each table, in an order in which they can be written."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The options with which the province was started, without secrets."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """``sha256`` and ``bytes`` of each file."""


class Archive:
    """A back-up that is being written."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self._files: dict[str, dict[str, Any]] = {}

    @contextmanager
    def open(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Write one file, piece by piece."""
        digest, count = hashlib.sha256(), 0
        with self._packed.open(name, "w", force_zip64=True) as file:

            def write(content: bytes) -> None:
                nonlocal count
                digest.update(content)
                count += len(content)
                file.write(content)

            yield write
        self._files[name] = {"sha256": digest.hexdigest(), "bytes": count}

    def add(self, name: str, content: bytes) -> None:
        """Write one small file."""
        with self.open(name) as write:
            write(content)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest; nothing may follow."""
        values = asdict(manifest) | {"format": FORMAT, "files": self._files}
        content = json.dumps(values, ensure_ascii=False, indent=1).encode()
        self._packed.writestr(MANIFEST, content)


@contextmanager
def new_archive(path: Path) -> Iterator[Archive]:
    """A new back-up, which only its user may read; whole at the end of the context, or not there.

    Raises `BackupError` where the file exists, `OSError` where it cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path} exists; choose another name or remove it")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                yield Archive(packed)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # unlike a rename it never replaces one that came meanwhile
    except FileExistsError as error:
        raise BackupError(f"{path} exists; choose another name or remove it") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


class Backup:
    """A whole back-up; everything was compared with its manifest."""

    def __init__(self, packed: zipfile.ZipFile, manifest: Manifest) -> None:
        self._packed = packed
        self.manifest = manifest

    def names(self, folder: str) -> list[str]:
        """The files below `folder`, without its name."""
        return [
            name.removeprefix(f"{folder}/")
            for name in self.manifest.files
            if name.startswith(f"{folder}/")
        ]

    def read(self, name: str) -> bytes:
        """One small file."""
        return self._packed.read(name)

    @contextmanager
    def lines(self, name: str) -> Iterator[Iterator[bytes]]:
        """One large file, line by line."""
        with self._packed.open(name) as file:
            yield iter(file)


@contextmanager
def open_backup(path: Path, allowed: Callable[[str], bool]) -> Iterator[Backup]:
    """Read a back-up after all of it was verified; `allowed` says which names it may have.

    Raises `BackupError`, `OSError` where the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            packed = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise BackupError(f"{path} is no back-up, or not the whole of one: {error}") from error
        with packed:
            yield Backup(packed, _verified(path, packed, allowed))


def _verified(path: Path, packed: zipfile.ZipFile, allowed: Callable[[str], bool]) -> Manifest:
    manifest = _manifest(path, packed)
    there = [name for name in packed.namelist() if name != MANIFEST]
    if sorted(there) != sorted(manifest.files) or len(set(there)) != len(there):
        raise BackupError(f"{path} is damaged: its files are not those of its manifest")
    for name, wanted in manifest.files.items():
        if not allowed(name):
            raise BackupError(f"{path} holds {name!r}, which no back-up of this release has")
        digest = hashlib.sha256()
        try:
            with packed.open(name) as file:
                _feed(digest.update, file)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, zlib.error) as error:
            raise BackupError(f"{path} is damaged at {name}: {error}") from error
        if digest.hexdigest() != wanted.get("sha256"):
            raise BackupError(f"{path} is damaged: {name} is not what its manifest says")
    return manifest


def _manifest(path: Path, packed: zipfile.ZipFile) -> Manifest:
    try:
        if packed.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            raise BackupError(f"{path} has a manifest of more than {MAX_MANIFEST_BYTES} bytes")
        values: Mapping[str, Any] = json.loads(packed.read(MANIFEST))
        if values["format"] != FORMAT:
            raise BackupError(
                f"{path} has the format {values['format']!r}; this release reads {FORMAT}"
            )
        return Manifest(
            made_at=float(values["made_at"]),
            release=str(values["release"]),
            database=str(values["database"]),
            revision=str(values["revision"]),
            tables={str(name): int(rows) for name, rows in values["tables"].items()},
            settings=dict(values["settings"]),
            files={str(name): dict(one) for name, one in values["files"].items()},
        )
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise BackupError(f"{path} has no manifest that can be read: {error}") from error


def _feed(take: Callable[[bytes], object], file: IO[bytes]) -> None:
    while content := file.read(CHUNK_BYTES):
        take(content)
