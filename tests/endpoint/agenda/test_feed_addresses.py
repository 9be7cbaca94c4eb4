"""Addresses and redirects that cannot be: a problem of the feed like others, never an exception."""

import asyncio
from pathlib import Path

import httpx
import pytest

from appliance.wire.calendar.feed_problem import FeedProblem
from appliance.wire.meeting import DEFAULT_DOORS_S
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.agenda.feed_fetch import place
from tests.endpoint.agenda.feeds import NOW, calendar, feed, uids
from tests.peers.calendar_server import Answer, calendar_server

IMPOSSIBLE = (
    "http://127.0.0.1:99999/a.ics", "http://127.0.0.1:-1/a.ics", "http://127.0.0.1:0/", "http://",
    "http://[::1/a.ics", "http://[x]/", "http://xn--/a.ics", "http://xn--.vn/", "http://a..b/",
    "http://" + "a" * 70 + ".vn/", "http://\u200b/", "http://h vn/", "http:", "https:///x",
    "http://127.0.0.1:abc/", "http://" + "a." * 200 + "vn/", "http://\ud800/",
    "http://%/", "http://@/", "http://:80/", "http://[fe80::1%25eth0]:99999/",
)  # fmt: skip


@pytest.mark.case("K4")
@pytest.mark.parametrize("source", IMPOSSIBLE)
async def test_an_address_that_cannot_be_is_a_problem_of_the_feed(
    tmp_path: Path, source: str
) -> None:
    async with feed(source, tmp_path) as site:
        state = await site.refresh(NOW)
        assert state.problem in (FeedProblem.UNREACHABLE, FeedProblem.TOO_SLOW)
        assert state.detail
        assert place(source) is not None


@pytest.mark.case("K4")
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", [*IMPOSSIBLE[:12], "//[", "", "?", "\u00e9", "http://[::1]:x"])
async def test_a_redirect_to_such_a_one_keeps_the_agenda(
    tmp_path: Path, status: str, location: str
) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2))
        assert uids(await site.refresh(NOW)) == ["d1", "d2"]
        written = location.encode("utf-8", "replace").decode("latin-1")
        server.says(Answer(b"", status, (("Location", written),)))
        state = await site.refresh(NOW + 300)
        assert state.problem in (FeedProblem.REDIRECTED, FeedProblem.UNREACHABLE,
                                 FeedProblem.REFUSED)  # fmt: skip
        assert uids(state) == ["d1", "d2"]


@pytest.mark.case("K4")
async def test_the_task_of_the_agenda_goes_on(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.says(Answer(b"", "302 Found", (("Location", "http://xn--:99999/["),)))
        changed = asyncio.Event()
        poller = AgendaPoller(site, lambda: NOW, changed)
        task = asyncio.create_task(poller.run())
        await asyncio.wait_for(changed.wait(), 10.0)
        server.gives(calendar(1))
        poller.poll_now()
        changed.clear()
        await asyncio.wait_for(changed.wait(), 10.0)
        assert [meeting.uid for meeting in poller.meetings] == ["d1"]
        assert poller.meetings[0].doors_s == DEFAULT_DOORS_S
        own = AgendaPoller(site, lambda: NOW, changed, seed="ia-kly")
        assert DEFAULT_DOORS_S / 2 < own.meetings[0].doors_s < DEFAULT_DOORS_S
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_client_of_feeds_follows_nothing_unseen() -> None:
    assert not httpx.AsyncClient().follow_redirects, "the library's own default"
