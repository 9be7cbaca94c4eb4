"""Does the operations of first boot on real folders, each synced before the next begins."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from appliance.base.durable import write_durably
from services.boot.operations import (
    Operation,
    Overwrite,
    PointTo,
    RemoveTree,
    Replace,
    WriteFile,
)
from services.boot.provision import RECORD, SETTLED, Kept

NAMES = ("site.toml", "site.toml.txt")
"""The second is what Notepad makes of the first."""
LARGEST = 256 * 1024
"""Of a site file, in bytes: what is larger is no site file, and is not read."""


def perform(operation: Operation, boot: Path, data: Path, group: int) -> None:
    """Raises `OSError` where the disk refuses; `group` may read what is written to data."""
    path = _place(operation.path, boot, data)
    match operation:
        case RemoveTree():
            shutil.rmtree(path, ignore_errors=True)
        case WriteFile(content=content):
            _folders(path.parent, data, group)
            write_durably(path, content)
            os.chown(path, -1, group)
            path.chmod(0o640)
        case PointTo(target=target):
            fresh = path.with_name(f".{path.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            fresh.replace(path)
            _sync_folder(path.parent)
        case Replace(content=content):
            write_durably(path, content)
        case Overwrite(content=content):
            with path.open("r+b") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())


def find_offered(boot: Path) -> tuple[str, bytes] | None:
    """The site file on the card, as ``boot/NAME`` and its bytes; letters' case is a PC's affair."""
    try:
        present = {entry.name.lower(): entry for entry in boot.iterdir() if entry.is_file()}
    except FileNotFoundError:
        return None
    for name in NAMES:
        if name in present:
            with present[name].open("rb") as file:
                return f"boot/{present[name].name}", file.read(LARGEST)
    return None


def find_kept(data: Path) -> Kept | None:
    """What is in force, or None: nothing yet, or a record that a broken disk has eaten."""
    folder = data / "site"
    try:
        number = int(folder.readlink().name)
        digest = str(json.loads((folder / RECORD).read_bytes())["digest"])
        secrets = _files(folder / "secrets")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Kept(number, digest, secrets, (folder / SETTLED).exists())


def _files(folder: Path) -> Mapping[str, bytes]:
    if not folder.is_dir():
        return {}
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name[0] != "."}


def _place(path: str, boot: Path, data: Path) -> Path:
    disk, _, rest = path.partition("/")
    return {"boot": boot, "data": data}[disk] / rest


def _folders(folder: Path, data: Path, group: int) -> None:
    for parent in reversed([folder, *folder.relative_to(data).parents]):
        step = data / parent
        if not step.is_dir():
            step.mkdir(mode=0o750)
            os.chown(step, -1, group)
            _sync_folder(step.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
