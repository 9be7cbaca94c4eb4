"""Back-up and restore of all that a province is, on a machine that runs it or on an empty one."""

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically
from services.province.backup.archive import BackupError, Manifest, new_archive, open_backup
from services.province.backup.tables import dump, load
from services.province.ca.authority_files import CERTIFICATE, KEY, AuthorityError, open_authority
from services.province.ca.ledger import FolderLedger, LedgerError
from services.province.sites.site_settings import AUTHORITIES_FILE, FOLDER
from services.province.sites.site_settings import SETTINGS_FILE as SITE_SETTINGS
from services.province.storage.database import Database

SETTINGS_FILE, RESTORED_FILE = "settings.json", "restored.json"
RESEND_S = 30 * 86_400.0
"""So long after a restore sites are asked; what one that was away for longer has is of no use."""
CLOCKS_DIFFER_S = 600.0
"""A box's clock and ours; what comes twice is one report."""
BROKER_FILES = ("ca.pem", "revoked.pem")
"""Beside authority and ledger; the other certificates are made anew by the next start."""
ALLOWED = re.compile(
    r"database/[a-z_]+\.jsonl|broker/authority/authority(-key)?\.pem"
    r"|broker/ledger/[0-9A-Za-z]+\.json|broker/(ca|revoked)\.pem"
    rf"|{FOLDER}/({SITE_SETTINGS}|{AUTHORITIES_FILE})"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a province is kept: its data folder and its database."""

    data: Path
    database: Database

    @property
    def broker(self) -> Path:
        """The broker's folder; there is none where the province has no broker."""
        return self.data / "broker"


def back_up(place: Place, file: Path, *, now: Callable[[], float] = time.time) -> Manifest:
    """Write `file`; the program may run meanwhile.

    Raises `BackupError`, also for an authority or a ledger that could not be restored, and
    `OSError`.
    """
    made_at = now()
    _check(place.broker)
    with new_archive(file) as archive:
        revision, counts = dump(place.database, archive)
        for name, path in _files(place.broker):
            with contextlib.suppress(FileNotFoundError):  # a request that was forgotten meanwhile
                archive.add(f"broker/{name}", path.read_bytes())
        for name in (SITE_SETTINGS, AUTHORITIES_FILE):
            kept = place.data / FOLDER / name
            if kept.exists():
                archive.add(f"{FOLDER}/{name}", kept.read_bytes())
        kind = place.database.url.get_backend_name()
        settings = _settings(place.data)
        manifest = Manifest(made_at, version("diemcau"), kind, revision, counts, settings)
        archive.finish(manifest)
    return manifest


def restore(place: Place, file: Path, *, now: Callable[[], float] = time.time) -> Manifest:
    """Restore `file` into an empty place: no broker's folder, a database without tables.

    Everything is verified before anything is changed. Raises `BackupError`, `OSError`.
    """
    with open_backup(file, lambda name: ALLOWED.fullmatch(name) is not None) as backup:
        if place.broker.exists() and any(place.broker.iterdir()):
            raise BackupError(f"{place.broker} is not empty; give another data folder")
        place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=place.data, prefix=".restore.") as whole:
            folder = Path(whole) / "broker"
            folder.mkdir(mode=0o700)
            for name in backup.names("broker"):
                write_atomically(folder / name, backup.read(f"broker/{name}"))
            has_broker = any(folder.iterdir())
            if has_broker:
                (folder / "ledger").mkdir(exist_ok=True)
            _check(folder)
            load(place.database, backup)
            if has_broker:
                folder.rename(place.broker)  # an empty one may be in its place
        for name in backup.names(FOLDER):
            (place.data / FOLDER).mkdir(exist_ok=True, mode=0o700)
            write_atomically(place.data / FOLDER / name, backup.read(f"{FOLDER}/{name}"))
        _sync(place.data)
        written = {"made_at": backup.manifest.made_at, "restored_at": now()}
        write_atomically(place.data / RESTORED_FILE, json.dumps(written).encode())
        settings = json.dumps(backup.manifest.settings, ensure_ascii=False, indent=1)
        write_atomically(place.data / SETTINGS_FILE, settings.encode())
        return backup.manifest


def keep_settings(data: Path, settings: dict[str, Any]) -> None:
    """Write down the options of a start, for the next back-up; never a secret."""
    content = json.dumps(settings, ensure_ascii=False, indent=1, default=str).encode()
    write_atomically(data / SETTINGS_FILE, content)


def resend_since(data: Path, now: float) -> float:
    """From when on sites are asked for their reports again (POSIX s): a while before the back-up
    was made from which this folder was restored lately; 0 where it was not."""
    try:
        written = json.loads((data / RESTORED_FILE).read_bytes())
        made_at, restored_at = float(written["made_at"]), float(written["restored_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
    return max(0.0, made_at - CLOCKS_DIFFER_S) if now - restored_at < RESEND_S else 0.0


def _settings(data: Path) -> dict[str, Any]:
    try:
        found = json.loads((data / SETTINGS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _check(broker: Path) -> None:
    """A back-up without its authority, or with half a file, is none."""
    if not broker.exists() or not any(broker.iterdir()):
        return
    folder = broker / "authority"
    if not folder.is_dir() or not any(folder.iterdir()):
        raise BackupError(f"{folder / CERTIFICATE} is missing; see docs/province.md, Back-up")
    try:
        open_authority(folder, 0.0)
        if not (broker / "ledger").is_dir():
            raise BackupError(f"{broker / 'ledger'} is missing; see docs/province.md, Back-up")
        FolderLedger(broker / "ledger").check()
    except (AuthorityError, LedgerError) as error:
        raise BackupError(str(error)) from error


def _files(broker: Path) -> list[tuple[str, Path]]:
    if not broker.exists():
        return []
    found = [broker / "authority" / CERTIFICATE, broker / "authority" / KEY]
    found += [broker / name for name in BROKER_FILES if (broker / name).exists()]
    found += sorted((broker / "ledger").glob("*.json"))
    return [(str(path.relative_to(broker)), path) for path in found]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
