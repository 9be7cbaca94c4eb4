"""The feed against a real server: what comes well is kept, and nothing else takes its place."""

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from appliance.wire.calendar.calendar_text import MAX_FEED_BYTES
from appliance.wire.calendar.feed_problem import FeedProblem
from services.endpoint.agenda.feed_cache import FILE
from tests.endpoint.agenda.feeds import DAY, NOW, calendar, feed, uids
from tests.peers.calendar_server import Answer, calendar_server


async def test_fetched_kept_and_there_after_a_start_without_network(tmp_path: Path) -> None:
    async with calendar_server() as server:
        server.gives(calendar(1, 2), etag='"v1"')
        async with feed(server, tmp_path / "data") as first:
            assert first.load(NOW).problem is FeedProblem.NOT_YET
            state = await first.refresh(NOW)
        source = server.url()
    assert uids(state) == ["d1", "d2"]
    assert (state.problem, state.detail, state.fetched_at) == (None, None, NOW)
    assert 60 <= state.next_s <= 900
    async with feed(source, tmp_path / "data") as second:
        state = second.load(NOW + 3600)
        assert uids(state) == ["d1", "d2"]
        assert (state.problem, state.age_s(NOW + 3600)) == (None, 3600.0)
        state = await second.refresh(NOW + 3600)  # the server is gone
        assert uids(state) == ["d1", "d2"]
        assert state.problem is FeedProblem.UNREACHABLE
        assert state.age_s(NOW + 3600) == 3600.0


async def test_unchanged_is_asked_for_and_renews_the_age(tmp_path: Path) -> None:
    async with calendar_server() as server:
        server.gives(calendar(1, 2), etag='"v1"')
        async with feed(server, tmp_path) as site:
            await site.refresh(NOW)
        async with feed(server, tmp_path) as site:
            site.load(NOW + 300)
            state = await site.refresh(NOW + 300)
            assert server.asked[-1]["if-none-match"] == '"v1"'
            assert (state.fetched_at, state.problem, uids(state)) == (NOW + 300, None, ["d1", "d2"])
            written = (tmp_path / FILE).read_bytes()
            await site.refresh(NOW + 600)
            assert (tmp_path / FILE).read_bytes() == written  # the card is spared
            await site.refresh(NOW + 4000)
            assert (tmp_path / FILE).read_bytes() != written
        async with feed(server, tmp_path) as site:
            assert site.load(NOW + 5000).fetched_at == NOW + 4000


async def test_last_modified_serves_where_there_is_no_etag(tmp_path: Path) -> None:
    modified = ("Last-Modified", "Wed, 25 Feb 2026 01:00:00 GMT")
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.says(Answer(calendar(1), headers=(modified,)))
        await site.refresh(NOW)
        await site.refresh(NOW)
        assert server.asked[-1]["if-modified-since"] == modified[1]


async def test_gzip(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2), pack=True)
        assert uids(await site.refresh(NOW)) == ["d1", "d2"]
        assert server.asked[-1]["accept-encoding"] == "gzip"


PACKED = (("Content-Encoding", "gzip"),)
HTML = "<!doctype html><html><title>Đăng nhập Wi-Fi</title></html>".encode()
WHOLE = calendar(1, 2, 3)
BAD = {
    "empty": (Answer(b""), FeedProblem.EMPTY),
    "login page with 200": (Answer(HTML), FeedProblem.LOGIN_PAGE),
    "json": (Answer(b'{"error": 1}'), FeedProblem.NOT_CALENDAR),
    "picture": (Answer(b"\x89PNG\0\0"), FeedProblem.NOT_TEXT),
    "500": (Answer(WHOLE, "500 Internal Server Error"), FeedProblem.REFUSED),
    "401": (Answer(b"", "401 Unauthorized"), FeedProblem.REFUSED),
    "404": (Answer(WHOLE, "404 Not Found"), FeedProblem.REFUSED),
    "206 though the whole was asked": (Answer(WHOLE, "206 Partial Content"), FeedProblem.REFUSED),
    "another host": (
        Answer(b"", "302 Found", (("Location", "http://portal.example/login"),)),
        FeedProblem.REDIRECTED,
    ),
    "a circle": (Answer(b"", "302 Found", (("Location", "/xa.ics"),)), FeedProblem.REDIRECTED),
    "10 MB": (Answer(WHOLE + b"X" * 10_000_000), FeedProblem.TOO_LARGE),
    "10 MB, length not said": (Answer(b"\n" * 10_000_000, length=-1), FeedProblem.TOO_LARGE),
    "gzip bomb": (
        Answer(gzip.compress(bytes(200_000_000), 1), headers=PACKED),
        FeedProblem.TOO_LARGE,
    ),
    "gzip that is none": (Answer(WHOLE, headers=PACKED), FeedProblem.NOT_TEXT),
    "gzip cut": (Answer(gzip.compress(WHOLE)[:-20], headers=PACKED), FeedProblem.TRUNCATED),
    "packed otherwise": (
        Answer(WHOLE, headers=(("Content-Encoding", "br"),)),
        FeedProblem.NOT_TEXT,
    ),
    "broken off": (Answer(WHOLE[:200], length=len(WHOLE)), FeedProblem.UNREACHABLE),
    "broken off, length not said": (Answer(WHOLE[:200], length=-1), FeedProblem.TRUNCATED),
    "drop by drop": (Answer(WHOLE, drip_s=0.02), FeedProblem.TOO_SLOW),
    "no HTTP": (Answer(b"", "abc"), FeedProblem.UNREACHABLE),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_comes_badly_never_wipes_what_is_kept(tmp_path: Path, name: str) -> None:
    answer, problem = BAD[name]
    deadline_s = 1.5 if answer.drip_s else 20.0
    async with (
        calendar_server() as server,
        feed(server, tmp_path, deadline_s=deadline_s) as site,
    ):
        server.gives(calendar(1, 2, 3), etag='"v1"')
        await site.refresh(NOW)
        kept = (tmp_path / FILE).read_bytes()
        server.says(answer)
        for poll in (1, 2, 3):  # however often: only a good feed convinces
            state = await site.refresh(NOW + poll * 600)
            assert (state.problem, uids(state)) == (problem, ["d1", "d2", "d3"])
            if answer.drip_s:
                break
        assert state.fetched_at == NOW
        assert state.detail
        assert (tmp_path / FILE).read_bytes() == kept
        server.gives(calendar(1, 2, 3, 4), etag='"v2"')
        state = await site.refresh(NOW + 3000)
        assert (state.problem, state.detail, uids(state)) == (
            None,
            None,
            ["d1", "d2", "d3", "d4"],
        )


async def test_a_bomb_is_not_unpacked_further_than_it_may_be(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.says(BAD["gzip bomb"][0])
        tracemalloc.start()
        try:
            assert (await site.refresh(NOW)).problem is FeedProblem.TOO_LARGE
            assert tracemalloc.get_traced_memory()[1] < 10 * MAX_FEED_BYTES
        finally:
            tracemalloc.stop()


async def test_a_redirect_within_the_host_is_followed(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        moved = Answer(b"", "301 Moved Permanently", (("Location", "/moi.ics"),))
        server.answer = lambda r: Answer(calendar(1)) if r["path"] == "/moi.ics" else moved
        assert uids(await site.refresh(NOW)) == ["d1"]


async def test_shrunken_is_believed_when_it_says_so_again(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2, 3, 4), etag='"v1"')
        await site.refresh(NOW)
        server.gives(calendar(1), etag='"v2"')
        state = await site.refresh(NOW + 300)
        assert (state.problem, uids(state)) == (FeedProblem.SHRUNKEN, ["d1", "d2", "d3", "d4"])
        assert "lost 3 of 4" in (state.detail or "")
        assert (state.fetched_at, 180 <= state.next_s <= 200) == (NOW, True)
        state = await site.refresh(NOW + 360)  # too soon to count
        assert server.asked[-1]["if-none-match"] == '"v2"'  # 304 to the doubted one
        assert (state.problem, len(uids(state))) == (FeedProblem.SHRUNKEN, 4)
        state = await site.refresh(NOW + 600)
        assert (state.problem, state.detail, uids(state)) == (None, None, ["d1"])
    async with feed(server, tmp_path) as site:
        assert uids(site.load(NOW + 700)) == ["d1"]


async def test_shrunken_without_etag_and_with_a_login_page_between(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2, 3))
        await site.refresh(NOW)
        server.gives(calendar())
        assert (await site.refresh(NOW + 300)).problem is FeedProblem.SHRUNKEN
        server.says(Answer(HTML))
        assert (await site.refresh(NOW + 500)).problem is FeedProblem.LOGIN_PAGE
        server.gives(calendar())
        assert uids(await site.refresh(NOW + 700)) == []


async def test_shrunken_and_whole_again_leaves_no_doubt(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2, 3), etag='"v1"')
        await site.refresh(NOW)
        server.gives(calendar(1), etag='"v2"')
        await site.refresh(NOW + 300)
        server.gives(calendar(1, 2, 3), etag='"v1"')
        state = await site.refresh(NOW + 600)
        assert (state.problem, state.fetched_at, len(uids(state))) == (None, NOW + 600, 3)
        server.gives(calendar(1), etag='"v2"')
        assert (await site.refresh(NOW + 900)).problem is FeedProblem.SHRUNKEN  # from the start


async def test_cancelled_by_name_is_believed_at_once(tmp_path: Path) -> None:
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 2, 3))
        await site.refresh(NOW)
        server.gives(calendar(1, cancelled=(2, 3)))
        state = await site.refresh(NOW + 300)
        assert (state.problem, uids(state)) == (None, ["d1"])


async def test_an_unchanged_feed_is_read_again_as_days_pass(tmp_path: Path) -> None:
    daily = calendar(1).replace(b"DURATION:PT1H", b"DURATION:PT1H\r\nRRULE:FREQ=DAILY")
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(daily, etag='"v1"')
        await site.refresh(NOW)
        state = await site.refresh(NOW + 30 * DAY)
        assert min(m.end for m in state.agenda.meetings) > NOW + 28 * DAY
        server.says(Answer(HTML))
        state = await site.refresh(NOW + 60 * DAY)  # also while the feed is in problem
        assert (state.problem, len(uids(state)) > 10) == (FeedProblem.LOGIN_PAGE, True)
        assert site.load(NOW + 4 * DAY).agenda.meetings[0].begin < NOW + 5 * DAY  # the clock jumped
        assert site.state.problem is FeedProblem.LOGIN_PAGE


async def test_a_box_that_does_not_know_the_hour_looks_further(tmp_path: Path) -> None:
    """It was switched off for a month, and is still in the hour at which that was."""
    async with calendar_server() as server, feed(server, tmp_path) as site:
        server.gives(calendar(1, 31), etag='"v1"')
        site.load(NOW)
        assert uids(await site.refresh(NOW)) == ["d1"]
        assert uids(site.load(NOW, hour_known=False)) == ["d1", "d31"]
        server.gives(calendar(1, 30, 31), etag='"v2"')
        assert uids(await site.refresh(NOW)) == ["d1", "d30", "d31"]
        assert uids(site.load(NOW + 25 * DAY)) == ["d30", "d31"]


async def test_a_torn_or_foreign_file_is_as_good_as_none(tmp_path: Path) -> None:
    async with calendar_server() as server:
        server.gives(calendar(1, 2))
        async with feed(server, tmp_path) as site:
            await site.refresh(NOW)
        whole = (tmp_path / FILE).read_bytes()
        for torn in (b"", b"\0" * 300, whole[:-9], whole[:40], whole + b"x", b"[]\n", b"{}\n"):
            (tmp_path / FILE).write_bytes(torn)
            async with feed(server, tmp_path) as site:
                assert site.load(NOW).problem is FeedProblem.NOT_YET
                assert uids(await site.refresh(NOW)) == ["d1", "d2"]
        assert os.listdir(tmp_path) == [FILE]  # noqa: PTH208  # no temporary file is left
        async with feed(server.url("/xa-khac.ics"), tmp_path) as site:
            assert site.load(NOW).problem is FeedProblem.NOT_YET


async def test_a_folder_that_cannot_be_written_costs_no_agenda(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with calendar_server() as server, feed(server, tmp_path / "file" / "data") as site:
        server.gives(calendar(1), etag='"v1"')
        for poll in range(2):  # it is tried again, and told again
            state = await site.refresh(NOW + 300 * poll)
            assert (state.problem, uids(state)) == (FeedProblem.NOT_KEPT, ["d1"])
