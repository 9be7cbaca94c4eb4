"""Plans what is to be done with the card's site file. Pure; any power cut may interrupt the plan.

The settings in force are one folder, ``data/site.d/<number>``, and ``data/site`` leads to it: one
rename puts settings and secrets in force together. Only then are the secrets on the card
overwritten, and only when that is done does ``settled`` say so. A cut in between is found at the
next start by the same question, as everything here is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.card import authorities
from services.card.missing import notes
from services.card.needs import Need
from services.card.site_file_on_card import SiteFileOnCard
from services.provisioning.disk_ops import (
    DiskOp,
    DiskOps,
    Overwrite,
    PointTo,
    RemoveTree,
    Replace,
    WriteFile,
)
from services.provisioning.result import accepted, no_file, rejected

RESULT = "boot/RESULT.txt"
RECORD = "record.json"
AUTHORITIES = authorities.NAME
SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that the data partition has in force."""

    number: int
    digest: str
    """`SiteFileOnCard.digest` of the file that it came from."""
    secrets: Mapping[str, bytes]
    settled: bool
    """The card's copy of the secrets is known to be blank."""
    authorities: bytes = b""


def plan(
    on_card: SiteFileOnCard | None,
    path: str,
    kept: InForce | None,
    result: bytes,
    serial: str,
    needs: Sequence[Need] = (),
    folder: str = "",
) -> DiskOps:
    """The operations that are due now, in their order; none where all is done.

    `path` is where `on_card` lies, `result` what RESULT.txt says at present, `serial` this box;
    `needs` are those of the meetings that the agenda named last, `folder` has a site file in it.
    """
    if on_card is None:
        return () if kept else _result_file(no_file(serial, folder), result)
    if on_card.site is None:
        return _result_file(rejected(on_card.problems, serial, kept is not None), result)
    todo: list[DiskOp] = []
    told = accepted(on_card.site, serial, notes(on_card.site, needs))
    if kept is None or _is_new(on_card, kept):
        number = kept.number + 1 if kept else 1
        secrets = {**(kept.secrets if kept else {}), **on_card.secrets}
        trusted = on_card.authorities or (kept.authorities if kept else b"")
        todo.extend(_import(on_card, secrets, trusted, number))
        settled = False
    else:
        number, settled = kept.number, kept.settled
    if settled:
        return _result_file(told, result)
    if on_card.blanked != on_card.raw:
        todo.append(Overwrite(path, on_card.blanked))
    todo.extend(_result_file(told, result))
    todo.append(WriteFile(f"data/site.d/{number}/{SETTLED}", b""))
    if number > 1:
        todo.append(RemoveTree(f"data/site.d/{number - 1}"))
    return todo


def _is_new(on_card: SiteFileOnCard, kept: InForce) -> bool:
    """Before it is settled, a secret in the file is the one just taken, perhaps half blanked."""
    return on_card.digest != kept.digest or (kept.settled and bool(on_card.secrets))


def _import(
    on_card: SiteFileOnCard, secrets: Mapping[str, bytes], trusted: bytes, number: int
) -> DiskOps:
    folder = f"data/site.d/{number}"
    record = json.dumps({"digest": on_card.digest}).encode()
    return (
        RemoveTree(folder),
        WriteFile(f"{folder}/site.toml", on_card.settings),
        *((WriteFile(f"{folder}/{AUTHORITIES}", trusted),) if trusted else ()),
        *(WriteFile(f"{folder}/secrets/{name}", secrets[name]) for name in sorted(secrets)),
        WriteFile(f"{folder}/{RECORD}", record),
        PointTo("data/site", f"site.d/{number}"),
    )


def _result_file(text: bytes, present: bytes) -> DiskOps:
    return () if text == present else (Replace(RESULT, text),)
