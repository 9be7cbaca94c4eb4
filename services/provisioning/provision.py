"""What is to be done with the card's site file: a pure plan that any power cut may interrupt.

The settings in force are one folder, ``data/site.d/<number>``, and ``data/site`` leads to it: one
rename puts settings and secrets in force together. Only then are the secrets on the card
overwritten, and only when that is done does ``settled`` say so. A cut in between is found at the
next start by the same question, as everything here is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from services.provisioning.disk_ops import (
    Operation,
    Operations,
    Overwrite,
    PointTo,
    RemoveTree,
    Replace,
    WriteFile,
)
from services.provisioning.result import accepted, no_file, rejected
from services.provisioning.site_file_on_card import SiteFileOnCard

RESULT = "boot/RESULT.txt"
RECORD = "record.json"
SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the data partition has in force."""

    number: int
    digest: str
    """`SiteFileOnCard.digest` of the file that it came from."""
    secrets: Mapping[str, bytes]
    settled: bool
    """The card's copy of the secrets is known to be blank."""


def plan(
    offered: SiteFileOnCard | None, path: str, kept: Kept | None, result: bytes, serial: str
) -> Operations:
    """The operations that are due now, in their order; none where all is done.

    `path` is where `offered` lies, `result` what RESULT.txt says at present, `serial` this box.
    """
    if offered is None:
        return () if kept else _told(no_file(serial), result)
    if offered.site is None:
        return _told(rejected(offered.faults, serial, kept is not None), result)
    todo: list[Operation] = []
    told = accepted(offered.site, serial)
    if kept is None or _is_new(offered, kept):
        number = kept.number + 1 if kept else 1
        secrets = {**(kept.secrets if kept else {}), **offered.secrets}
        todo.extend(_import(offered, secrets, number))
        settled = False
    else:
        number, settled = kept.number, kept.settled
    if settled:
        return _told(told, result)
    if offered.blanked != offered.raw:
        todo.append(Overwrite(path, offered.blanked))
    todo.extend(_told(told, result))
    todo.append(WriteFile(f"data/site.d/{number}/{SETTLED}", b""))
    if number > 1:
        todo.append(RemoveTree(f"data/site.d/{number - 1}"))
    return todo


def _is_new(offered: SiteFileOnCard, kept: Kept) -> bool:
    """Before it is settled, a secret in the file is the one just taken, perhaps half blanked."""
    return offered.digest != kept.digest or (kept.settled and bool(offered.secrets))


def _import(offered: SiteFileOnCard, secrets: Mapping[str, bytes], number: int) -> Operations:
    folder = f"data/site.d/{number}"
    record = json.dumps({"digest": offered.digest}).encode()
    return (
        RemoveTree(folder),
        WriteFile(f"{folder}/site.toml", offered.settings),
        *(WriteFile(f"{folder}/secrets/{name}", secrets[name]) for name in sorted(secrets)),
        WriteFile(f"{folder}/{RECORD}", record),
        PointTo("data/site", f"site.d/{number}"),
    )


def _told(text: bytes, present: bytes) -> Operations:
    return () if text == present else (Replace(RESULT, text),)
