"""Keeps the last good feed through a power cut, in one file: a line of JSON, then the feed itself.

One file and not two, so that the version of a feed and its bytes can never disagree.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from services.endpoint.agenda.feed_fetch import Mark

FILE = "agenda.feed"


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed that was believed; ``fetched_at`` (POSIX s) is when its source last said so."""

    body: bytes
    mark: Mark
    fetched_at: float


def write_kept(folder: Path, source: str, kept: Kept) -> None:
    """Put `kept` in place of what there was, whole or not at all; raises `OSError`."""
    head = {
        "source": _digest(source.encode()),
        "body": _digest(kept.body),
        "etag": kept.mark.etag,
        "modified": kept.mark.modified,
        "fetched_at": kept.fetched_at,
    }
    write_atomically(folder / FILE, json.dumps(head).encode() + b"\n" + kept.body)


def read_kept(folder: Path, source: str) -> Kept | None:
    """What was kept of `source`; None where there is nothing, or nothing that can be believed."""
    try:
        line, _, body = (folder / FILE).read_bytes().partition(b"\n")
        head = json.loads(line)
        if (head["source"], head["body"]) != (_digest(source.encode()), _digest(body)):
            return None
        mark = Mark(str(head["etag"]), str(head["modified"]))
        return Kept(body, mark, float(head["fetched_at"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None  # a torn or foreign file is as good as none: the feed is fetched anew


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
