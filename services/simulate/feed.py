"""A simulated site's agenda: the feed of its site file, read as a box does (conditional GET)."""

import ssl
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from appliance.base.site_file import parse_site
from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.meeting import Meeting
from services.simulate.behaviour import SimulatedMeeting

REFRESH_S = 300.0
"""Without a nudge; what the province's feeds ask for."""
RETRY_S = 10.0
"""After a try in vain."""
SINCE_S, AHEAD_S = 86_400.0, 7 * 86_400.0
TIMEOUT_S = 20.0
HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//simulate//\r\n"


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """One answer: `status` 200 or 304, `sequence` of the meeting that is on or next (-1 for none),
    and how long server and network took."""

    status: int
    took_s: float
    sequence: int = -1


@dataclass(slots=True)
class Feed:
    """One site's; ``meeting`` is the one that is on or next, as last read."""

    url: str
    http: httpx.AsyncClient
    meeting: SimulatedMeeting | None = None
    _etag: str = ""
    _last: FeedAnswer = field(default_factory=lambda: FeedAnswer(0, 0.0))

    async def read(self) -> FeedAnswer:
        """Request the feed.

        Raises `httpx.HTTPError` where the province is away or refuses, and what `read_agenda`
        raises for a feed that is broken.
        """
        began = time.monotonic()
        headers = {"If-None-Match": self._etag} if self._etag else {}
        answer = await self.http.get(self.url, headers=headers)
        took = time.monotonic() - began
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return FeedAnswer(304, took, self._last.sequence)
        answer.raise_for_status()
        now = time.time()
        found = next(
            (one for one in _meetings(_events(answer.content), now // 60) if one.end > now), None
        )
        self.meeting = (
            None if found is None else SimulatedMeeting(found.uid, found.begin, found.end)
        )
        self._etag = answer.headers.get("ETag", "")
        self._last = FeedAnswer(200, took, -1 if found is None else found.sequence)
        return self._last


def client(ca: Path) -> httpx.AsyncClient:
    """For all sites of a run, with a connection for each request: a box asks so seldom that none
    stays open."""
    alone = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    tls = ssl.create_default_context(cafile=str(ca))
    return httpx.AsyncClient(verify=tls, trust_env=False, timeout=TIMEOUT_S, limits=alone)


def feeds(archive: Path, sites: Iterable[str], http: httpx.AsyncClient) -> dict[str, Feed]:
    """Each site's feed, from the console's archive of site files.

    Raises `OSError` or `zipfile.BadZipFile` for an archive that is none, `KeyError` for a site that
    is not in it, `appliance.base.errors.BaseLayerError` for a file that is broken.
    """
    with zipfile.ZipFile(archive) as files:
        return {
            site: Feed(parse_site(files.read(f"{site}/site.toml")).agenda.url, http)
            for site in sites
        }


def _events(feed: bytes) -> bytes:
    """The feed without its head, where a site's name stands."""
    head, begin, events = feed.partition(b"BEGIN:VEVENT")
    return HEAD + begin + events if begin else head


@lru_cache(maxsize=64)
def _meetings(feed: bytes, minute: float) -> tuple[Meeting, ...]:
    """Parsed once for all sites that have the same: hundreds are notified of a change at once, and
    a box has a processor of its own."""
    now = 60.0 * minute
    agenda = read_agenda(feed, begin=now - SINCE_S, end=now + AHEAD_S, zone=ZoneInfo("UTC"))
    return agenda.meetings
