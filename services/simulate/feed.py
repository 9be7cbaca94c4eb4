"""A made-up site's agenda: the feed of its site file, asked for as a box does (conditional GET)."""

import ssl
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from appliance.base.site_file import parse_site
from appliance.wire.agenda import read_agenda
from services.simulate.life import Appointment

REFRESH_S = 300.0
"""Without a nudge; what the province's feeds ask for."""
BEHIND_S, AHEAD_S = 86_400.0, 7 * 86_400.0
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Read:
    """One answer: `status` 200 or 304, `sequence` of the meeting that the site looks to (-1: there
    is none), and how long the server and the line took."""

    status: int
    took_s: float
    sequence: int = -1


@dataclass(slots=True)
class Feed:
    """One site's; ``meeting`` is the one that is on or next, as last read."""

    url: str
    tls: ssl.SSLContext
    meeting: Appointment | None = None
    _etag: str = ""
    _read: Read = field(default_factory=lambda: Read(0, 0.0))

    async def read(self) -> Read:
        """Ask, over a connection of its own: a box asks so seldom that none has stayed open.

        Raises `httpx.HTTPError` where the province is away or refuses, and what `read_agenda`
        raises for a feed that is none.
        """
        began = time.monotonic()
        headers = {"If-None-Match": self._etag} if self._etag else {}
        async with httpx.AsyncClient(
            verify=self.tls, trust_env=False, timeout=TIMEOUT_S, headers=headers
        ) as http:
            answer = await http.get(self.url)
        took = time.monotonic() - began
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return Read(304, took, self._read.sequence)
        answer.raise_for_status()
        now = time.time()
        agenda = read_agenda(
            answer.content, begin=now - BEHIND_S, end=now + AHEAD_S, zone=ZoneInfo("UTC")
        )
        found = next((one for one in agenda.meetings if one.end > now), None)
        self.meeting = None if found is None else Appointment(found.uid, found.begin, found.end)
        self._etag = answer.headers.get("ETag", "")
        self._read = Read(200, took, -1 if found is None else found.sequence)
        return self._read


def feeds(archive: Path, sites: Iterable[str], tls: ssl.SSLContext) -> dict[str, Feed]:
    """Each site's feed, from the console's archive of site files.

    Raises `OSError` or `zipfile.BadZipFile` for an archive that is none, `KeyError` for a site that
    is not in it, `appliance.base.errors.BaseFloorError` for a file that is broken.
    """
    with zipfile.ZipFile(archive) as files:
        return {
            site: Feed(parse_site(files.read(f"{site}/site.toml")).agenda.url, tls)
            for site in sites
        }
