"""Calls by hand into a real Asterisk 22: its entry queue, what it refuses, and who hangs up."""

import ssl
import time

import pytest

from tests.dialers.sip.calls.caller import CallTarget, call
from tests.dialers.sip.calls.server import Server
from tests.dialers.sip.media_pair import there_is, until
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk_files import OPEN, ROOM

pytestmark = pytest.mark.timeout(240)  # the machine may be busy with other people's calls


@pytest.mark.real_time
async def test_through_the_entry_queue(server: Server) -> None:
    async with call(server.target("TLS"), there.LOBBY, user=OPEN) as one:
        assert one.agent.up, one.code
        for keys in (f"{ROOM}#", f"{there.PIN}#"):
            await until(lambda: one.end.hertz > 0, "somebody who asks")
            await one.end.session.send_dtmf(keys)
            one.end.sound.clear()
        await there_is(lambda: len(server.asterisk.participants()) == 1, "that we are in")


async def test_a_wrong_pin_ends_the_call(server: Server) -> None:
    async with call(server.target("TCP"), there.LOBBY, user=OPEN) as one:
        for keys in (f"{ROOM}#", "1111#"):
            await until(lambda: one.end.hertz > 0, "somebody who asks")
            await one.end.session.send_dtmf(keys)
            one.end.sound.clear()
        await until(lambda: one.agent.ended is not None, "the end")
        assert one.agent.ended is not None
        assert one.agent.ended.far


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    ("number", "code"), [(there.BUSY, 486), (there.DECLINED, 403), (there.NOBODY, 404)]
)
async def test_refusals(server: Server, transport: str, number: int, code: int) -> None:
    async with call(server.target(transport), number, user=OPEN) as one:
        assert not one.agent.up
        assert one.code == code


@pytest.mark.parametrize("user", ["plain-md5", "plain-sha256"])
async def test_a_wrong_password_is_refused_soon(server: Server, user: str) -> None:
    begun = time.monotonic()
    async with call(server.target("UDP"), ROOM, user=user, password="wrong") as one:
        assert one.code == 401
    assert time.monotonic() - begun < 60  # and not after a timer of minutes


async def test_a_call_that_nobody_answers_is_taken_back(server: Server) -> None:
    async with call(server.target("UDP"), there.SILENT, user=OPEN, wait=False) as one:
        await there_is(lambda: server.asterisk.calls() == 1, "that it rings")
        assert not one.decided
    await there_is(lambda: server.asterisk.calls() == 0, "that nothing rings any more")


async def test_the_far_end_hangs_up(server: Server) -> None:
    async with call(server.target("TLS"), there.BRIEF, user=OPEN) as one:
        await until(lambda: one.agent.ended is not None, "the end")
        assert one.agent.ended is not None
        assert one.agent.ended.far


async def test_an_untrusted_certificate(server: Server) -> None:
    target = CallTarget("TLS", server.asterisk.ports.tls, trust=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        async with call(target, ROOM, user=OPEN):
            pass
