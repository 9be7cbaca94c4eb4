"""A made-up site's agenda: asked for with its ETag, and which meeting it looks to."""

import time
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from appliance.base.errors import BaseLayerError
from appliance.wire.calendar.feed_problem import FeedError
from services.simulate.feed import Feed, feeds

URL = "https://tinh.example/ia-kly.ics"
DAY = 86_400.0


def event(uid: str, begin: float, seconds: float = 3600.0, sequence: int = 0) -> str:
    """One meeting (RFC 5545)."""
    starts, ends = (
        datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        for at in (begin, begin + seconds)
    )
    rows = ("BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{starts}", f"DTEND:{ends}",
            f"SEQUENCE:{sequence}", f"SUMMARY:{uid}", "END:VEVENT", "")  # fmt: skip
    return "\r\n".join(rows)


@dataclass
class Province:
    """A server with one feed, which answers 304 to who has it already."""

    events: str = ""
    page: str = ""
    status: int = 200
    tag: str = '"1"'
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/ia-kly.ics", self._feed)])

    async def _feed(self, request: Request) -> Response:
        known = request.headers.get("If-None-Match", "")
        self.asked.append(known)
        if self.status != 200:
            return Response("away", self.status)
        if known == self.tag:
            return Response(status_code=304)
        if self.page:
            return Response(self.page, headers={"ETag": self.tag})
        head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//\r\nX-WR-CALNAME:Xã Ia Kly\r\n"
        return Response(f"{head}{self.events}END:VCALENDAR\r\n", headers={"ETag": self.tag})


@pytest.fixture
async def province() -> AsyncIterator[tuple[Province, Feed]]:
    one = Province()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(one.app())) as http:
        yield one, Feed(URL, http)


async def test_the_meeting_is_the_one_that_is_on_or_next(
    province: tuple[Province, Feed],
) -> None:
    server, feed = province
    now = float(int(time.time()))
    server.events = (
        event("over", now - 7200, 3600)
        + event("later", now + 9000)
        + event("on", now - 60, 3600, 4)
    )
    read = await feed.read()
    assert (read.status, read.sequence) == (200, 4)
    assert feed.meeting is not None
    assert (feed.meeting.uid, feed.meeting.begin, feed.meeting.end) == ("on", now - 60, now + 3540)


async def test_what_has_not_changed_is_not_read_again_and_its_sequence_stays(
    province: tuple[Province, Feed],
) -> None:
    server, feed = province
    server.events = event("m", time.time() + 600, sequence=2)
    await feed.read()
    again = await feed.read()
    assert (again.status, again.sequence, again.took_s >= 0) == (304, 2, True)
    assert feed.meeting is not None
    server.events, server.tag = event("m", time.time() + 900, sequence=3), '"2"'
    moved = await feed.read()
    assert (moved.status, moved.sequence) == (200, 3)
    assert server.asked == ["", '"1"', '"1"']
    await feed.read()
    assert server.asked[-1] == '"2"'


async def test_a_meeting_that_was_taken_out_is_looked_to_no_more(
    province: tuple[Province, Feed],
) -> None:
    server, feed = province
    server.events = event("m", time.time() + 600)
    await feed.read()
    server.events, server.tag = event("far", time.time() + 8 * DAY), '"2"'
    assert (await feed.read()).sequence == -1
    assert feed.meeting is None


async def test_a_province_that_is_away_changes_nothing(province: tuple[Province, Feed]) -> None:
    server, feed = province
    server.events = event("m", time.time() + 600, sequence=1)
    await feed.read()
    server.status = 503
    with pytest.raises(httpx.HTTPStatusError):
        await feed.read()
    assert feed.meeting is not None
    server.status = 200
    assert (await feed.read()).status == 304


async def test_what_is_no_feed_is_told(province: tuple[Province, Feed]) -> None:
    server, feed = province
    server.page = "<html>Đăng nhập</html>"
    with pytest.raises(FeedError):
        await feed.read()
    assert server.asked == [""]
    with pytest.raises(FeedError):
        await feed.read()
    assert server.asked == ["", ""], "what could not be read is asked for whole"
    server.page = ""
    assert (await feed.read()).sequence == -1, "an empty calendar is one"


async def test_the_feeds_are_those_of_the_site_files(tmp_path: Path) -> None:
    path = tmp_path / "sites.zip"
    text = "[site]\nid = '{0}'\nname = 'x'\n[agenda]\nurl = 'https://h/{0}.ics'\n"
    with zipfile.ZipFile(path, "w") as archive:
        for site in ("a", "b", "c"):
            archive.writestr(f"{site}/site.toml", text.format(site))
        archive.writestr("broken/site.toml", "[site]\n")
    async with httpx.AsyncClient() as http:
        found = feeds(path, ["a", "c"], http)
        assert {site: feed.url for site, feed in found.items()} == {
            "a": "https://h/a.ics",
            "c": "https://h/c.ics",
        }
        with pytest.raises(KeyError):
            feeds(path, ["d"], http)
        with pytest.raises(BaseLayerError, match=r"site\.id: is missing"):
            feeds(path, ["broken"], http)
        (tmp_path / "none.zip").write_bytes(b"none")
        with pytest.raises(zipfile.BadZipFile):
            feeds(tmp_path / "none.zip", ["a"], http)
