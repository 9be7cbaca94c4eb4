"""What the meetings of the agenda need of the settings, kept for whoever prepares the next card.

First boot has no agenda and reads no calendar: the endpoint leaves this beside the agenda that it
keeps, and RESULT.txt and `diemcau check` tell from it what the settings lack.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from appliance.base.atomic_file import write_atomically
from appliance.wire.address import Address, AddressError
from appliance.wire.meeting import Meeting

FILE = "needs.json"
MAX_NEEDS = 50
MAX_BYTES = 64 * 1024
MAX_TITLE_LETTERS = 80


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One address that is dialled, with the first meeting that names it; without its secrets."""

    scheme: str
    host: str
    title: str
    secure: bool = False
    """It is called by TLS."""
    codes: bool = False
    """Its conference has an ID of its own."""


def needs_of(meetings: Iterable[Meeting]) -> tuple[Need, ...]:
    """What `meetings` need, each kind once."""
    found: dict[tuple[str, str, bool, bool], Need] = {}
    for meeting in meetings:
        try:
            address = Address.parse(meeting.address)
        except AddressError:
            continue
        secure = address.scheme in ("sips", "janus+wss")
        secure = secure or address.parameter("transport").lower() == "tls"
        kind = (address.scheme, address.host, secure, meeting.codes is not None)
        if len(found) < MAX_NEEDS:
            found.setdefault(
                kind,
                Need(
                    scheme=address.scheme,
                    host=address.host,
                    title=meeting.title[:MAX_TITLE_LETTERS],
                    secure=secure,
                    codes=meeting.codes is not None,
                ),
            )
    return tuple(found.values())


def write_needs(folder: Path, needs: tuple[Need, ...]) -> None:
    """Keep them; written only where they are others than before. Raises `OSError`."""
    raw = msgspec.json.encode(needs)
    path = folder / FILE
    if not path.exists() or path.read_bytes() != raw:
        write_atomically(path, raw)


def read_needs(folder: Path) -> tuple[Need, ...]:
    """Those that were kept; none where there are none, or they cannot be read."""
    try:
        with (folder / FILE).open("rb") as file:
            found = msgspec.json.decode(file.read(MAX_BYTES), type=tuple[Need, ...])
    except (OSError, msgspec.DecodeError, ValueError, RecursionError):
        return ()
    # Another user wrote them, and they go into a file for people.
    printable = (need for need in found[:MAX_NEEDS] if f"{need.title}{need.host}".isprintable())
    return tuple(printable)
