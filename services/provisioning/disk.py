"""Performs the disk operations of first boot on real folders, each synced before the next."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from services.card import authorities
from services.provisioning.disk_ops import (
    Access,
    DiskOp,
    Overwrite,
    PointTo,
    RemoveTree,
    Replace,
    WriteFile,
)
from services.provisioning.provision import AUTHORITIES, RECORD, SETTLED, InForce

SITE_FILE_NAMES = ("site.toml", "site.toml.txt")
"""The second is what Notepad makes of the first."""
MAX_SITE_FILE_BYTES = 256 * 1024
"""So much is read: a larger file is no site file."""

_MODES = {Access.GROUP: (0o750, 0o640), Access.OWN: (0o700, 0o600), Access.ALL: (0o755, 0o644)}
"""Of folders that are made, and of the file."""


def perform(operation: DiskOp, boot: Path, data: Path, group: int, user: int = -1) -> None:
    """Perform one operation and sync it. Raises `OSError` where the disk refuses.

    `group` may read what is written to data; `user` owns what is the programs' own (-1: whoever
    runs this).
    """
    path = _place(operation.path, boot, data)
    match operation:
        case RemoveTree():
            shutil.rmtree(path, ignore_errors=True)
        case WriteFile(content=content, access=access):
            folder_mode, mode = _MODES[access]
            owner = user if access is Access.OWN else -1
            _folders(path.parent, data, owner, group, folder_mode)
            write_atomically(path, content, mode=mode, owner=owner, group=group)
        case PointTo(target=target):
            fresh = path.with_name(f".{path.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(path)
            _sync(path.parent)
        case Replace(content=content):
            write_atomically(path, content)
        case Overwrite(content=content):
            with path.open("r+b") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())


def find_site_file(boot: Path) -> tuple[str, bytes] | None:
    """The site file on the card, as ``boot/NAME`` and its bytes; whatever the case of its name."""
    try:
        present = {entry.name.lower(): entry for entry in boot.iterdir() if entry.is_file()}
    except FileNotFoundError:
        return None
    for name in SITE_FILE_NAMES:
        if name in present:
            with present[name].open("rb") as file:
                return f"boot/{present[name].name}", file.read(MAX_SITE_FILE_BYTES)
    return None


def find_folder(boot: Path) -> str:
    """A folder of the card in which a site file lies, where it is not looked for; "" for none."""
    try:
        folders = sorted(entry for entry in boot.iterdir() if entry.is_dir())
        found = (one.name for one in folders if find_site_file(one) is not None)
        return next((name for name in found if name.isprintable()), "")
    except OSError:
        return ""


def find_authorities(boot: Path) -> bytes:
    """The file of authorities on the card, whatever the case of its name; b"" for none.

    One byte more than it may have is read: it is then refused, and not cut short.
    """
    try:
        present = {entry.name.lower(): entry for entry in boot.iterdir() if entry.is_file()}
    except FileNotFoundError:
        return b""
    for name in authorities.NAMES:
        if name in present:
            with present[name].open("rb") as file:
                return file.read(authorities.MAX_BYTES + 1)
    return b""


def find_in_force(data: Path) -> InForce | None:
    """The settings in force; None where there are none yet, or their record cannot be read."""
    folder = data / "site"
    try:
        number = int(folder.readlink().name)
        digest = str(json.loads((folder / RECORD).read_bytes())["digest"])
        secrets = _files(folder / "secrets")
        trusted = folder / AUTHORITIES
        known = trusted.read_bytes() if trusted.exists() else b""
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return InForce(number, digest, secrets, (folder / SETTLED).exists(), known)


def _files(folder: Path) -> Mapping[str, bytes]:
    if not folder.is_dir():
        return {}
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name[0] != "."}


def _place(path: str, boot: Path, data: Path) -> Path:
    disk, _, rest = path.partition("/")
    return {"boot": boot, "data": data}[disk] / rest


def _folders(folder: Path, data: Path, owner: int, group: int, mode: int) -> None:
    for parent in reversed([folder, *folder.relative_to(data).parents]):
        step = data / parent
        if not step.is_dir():
            step.mkdir()
            step.chmod(mode)
            os.chown(step, owner, group)
            _sync(step.parent)


def _sync(path: Path) -> None:
    """A file or a folder, with its owner and mode."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
