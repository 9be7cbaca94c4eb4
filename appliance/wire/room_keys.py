"""What one site's feed says of a meeting's room, so that nobody there can pose as another.

In a room everybody reads everybody's display, and may choose any name. Two properties of the event
(docs/room.md, *Who is who*) reach this site alone, with its feed:

* ``X-DIEMCAU-SITE-KEY``: ``<site id>/<key>``, with which the site proves that it is that site;
* ``X-DIEMCAU-CONSOLE-KEY``: by which the site knows what the province's console says.

An older box ignores both; a feed without them is one of an older province, or of another calendar.
"""

import re
from dataclasses import dataclass

SITE_KEY = "X-DIEMCAU-SITE-KEY"
CONSOLE_KEY = "X-DIEMCAU-CONSOLE-KEY"
ROOM_SERVER_NAME = "diemcau room"
"""What the room of this project calls itself ("info"); it checks who calls themselves the chair."""
_SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/[A-Za-z0-9_-]{43}")
_CONSOLE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class RoomKeys:
    """The keys of one site for one occurrence of a meeting; its `repr` shows none of them.

    ``meeting`` is the occurrence's uid, as in `wire.meeting.Meeting`. ``site_key`` is a secret,
    ``console_key`` an Ed25519 public key (RFC 8032) of 32 bytes in base64url; "" where there is
    none.
    """

    meeting: str
    site_key: str = ""
    console_key: str = ""

    def __repr__(self) -> str:
        return f"RoomKeys({self.meeting!r})"


def room_keys(meeting: str, site_key: str, console_key: str) -> RoomKeys | None:
    """The keys that an event gives; what is malformed counts as not there. None without any."""
    site = site_key.strip() if _SITE.fullmatch(site_key.strip()) else ""
    console = console_key.strip() if _CONSOLE.fullmatch(console_key.strip()) else ""
    return RoomKeys(meeting, site, console) if site or console else None
