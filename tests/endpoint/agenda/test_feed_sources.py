"""Where a feed may come from: a file in three spellings, a server whose certificate is right."""

import ssl
from pathlib import Path

import pytest
import trustme

from appliance.wire.calendar.calendar_text import MAX_FEED_BYTES
from appliance.wire.calendar.feed_problem import FeedProblem
from tests.endpoint.agenda.feeds import NOW, calendar, feed, uids
from tests.peers.calendar_server import Answer, calendar_server


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
async def test_a_file(tmp_path: Path, form: str) -> None:
    file = tmp_path / "lịch.ics"
    async with feed(form.format(file), tmp_path / "data") as site:
        assert (await site.refresh(NOW)).problem is FeedProblem.UNREACHABLE
        file.write_bytes(calendar(1, 2))
        assert uids(await site.refresh(NOW)) == ["d1", "d2"]
        assert (await site.refresh(NOW + 60)).fetched_at == NOW + 60
        file.write_bytes(calendar(1, 2, 3))
        assert uids(await site.refresh(NOW + 120)) == ["d1", "d2", "d3"]
        file.write_bytes(b"x" * (MAX_FEED_BYTES + 1))
        assert (await site.refresh(NOW + 180)).problem is FeedProblem.TOO_LARGE


async def test_only_a_trusted_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with calendar_server(context) as server:
        server.gives(calendar(1))
        async with feed(server, tmp_path) as stranger:
            state = await stranger.refresh(NOW)
            assert (state.problem, uids(state)) == (FeedProblem.UNTRUSTED, [])
            assert "CA file" in (state.detail or "")
        async with feed(server, tmp_path, ca=str(tmp_path / "ca.pem")) as site:
            assert uids(await site.refresh(NOW)) == ["d1"]
            down = (("Location", f"http://localhost:{server.port}/xa.ics"),)
            server.says(Answer(b"", "302 Found", down))
            state = await site.refresh(NOW)
            assert state.problem is FeedProblem.REDIRECTED  # never down from TLS


async def test_no_password_in_a_problem(tmp_path: Path) -> None:
    async with feed("http://xa:matkhau@localhost:1/token/xa.ics?k=bimat", tmp_path) as site:
        problem = (await site.refresh(NOW)).detail or ""
        assert "localhost" in problem
        assert not any(secret in problem for secret in ("matkhau", "bimat", "token"))
