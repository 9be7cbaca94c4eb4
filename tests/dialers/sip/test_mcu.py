"""The whole dialer at a scripted MCU that behaves like an RMX: real sockets, real media."""

import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.dialer import EndReason
from appliance.dialers.sip.dialer import SipDialer
from tests.dialers.sites import Site, site, until
from tests.peers.sip.mcu import ENCRYPTED, PIN, Mcu, mcu
from tests.peers.sip.mcu_call import McuCall
from tests.peers.sip.programme import SITES, Shown

PEOPLE, SLIDES, LOBBY = SITES[Shown.PEOPLE], SITES[Shown.SLIDES], SITES[Shown.QUEUE]
SCRIPT = f"wait 0.2, {ENCRYPTED}#, wait 0.2, {PIN}#"


@contextlib.asynccontextmanager
async def meeting(
    one: Mcu, *, encryption: str = "required", trust: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Site, McuCall]]:
    """A site in the conference, past the entry queue; the MCU's call beside it."""
    choices = SipChoices(entry_queue=SCRIPT, encryption=encryption)
    here = await site(SipDialer(trust, choices=choices), one.address(), 1)
    try:
        there = one.calls[-1]
        await until(lambda: there.where == ENCRYPTED, "past the entry queue")
        await until(lambda: here.sees == PEOPLE, "the people's picture")
        await until(lambda: here.hears() == {PEOPLE}, "the people's sound")
        yield here, there
    finally:
        await here.leave()


@pytest.fixture
def certified() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows, and who believes it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    return server, trust


@pytest_asyncio.fixture
async def rmx() -> AsyncIterator[Mcu]:
    async with mcu() as one:
        yield one


async def test_entry_queue_with_id_and_pin_encrypted_by_tls(
    certified: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with mcu(tls=certified[0]) as one, meeting(one, trust=certified[1]) as (here, there):
        assert there.keys == f"{ENCRYPTED}#{PIN}#"
        assert there.media.encrypted
        assert LOBBY in {number // 10_000 for number in here.numbers}
        await here.call.set_hand(True)
        await until(lambda: there.hands == 1, "the hand at the operator")
        statistics = here.call.statistics()
        assert (statistics.video.codec, statistics.audio.codec) == ("H264", "G722")


async def test_content_comes_and_goes(rmx: Mcu) -> None:
    async with meeting(rmx) as (here, there):
        for _ in range(2):
            there.content(True)
            await until(lambda: here.sees == SLIDES, "the slides")
            there.content(False)
            await until(lambda: here.sees == PEOPLE, "the people again")
        assert here.call.ended is None


async def test_the_far_end_moves_the_call(rmx: Mcu) -> None:
    async with meeting(rmx) as (here, there):
        await there.move()
        here.numbers.clear()
        await until(lambda: here.sees == PEOPLE, "the picture from the new address")
        packets = there.media.track("video").statistics().packets
        await until(
            lambda: there.media.track("video").statistics().packets > packets + 20,
            "our picture at the new address",
        )
        assert here.call.ended is None


async def test_who_is_not_encrypted_is_put_out(rmx: Mcu) -> None:
    choices = SipChoices(entry_queue=SCRIPT, encryption="off")
    here = await site(SipDialer(choices=choices), rmx.address(), 1)
    await until(lambda: here.call.ended is not None, "the end")
    assert here.call.ended is EndReason.FAR_END
    assert "not encrypted" in here.call.detail
    await here.leave()


async def test_a_restart_loses_the_call(rmx: Mcu) -> None:
    async with meeting(rmx) as (here, _):
        await rmx.stop()
        await until(lambda: here.call.ended is not None, "the end")
        assert here.call.ended is EndReason.LOST
        await rmx.start()
    async with meeting(rmx) as (here, _):
        assert here.call.ended is None
