"""The whole dialer at a scripted MCU that behaves like an RMX: real sockets, real media."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.api import DIAL_DEADLINE_S, DialError, EndReason
from appliance.dialers.sip.dialer import SipDialer
from appliance.media.rtp.sender import FIRST_KEYFRAMES_S
from tests.dialers.sites import PATIENCE_S, Site, near, site, until
from tests.media.local_tracks import NumberedVideo
from tests.peers.sip.mcu import ENCRYPTED, OPEN, PIN, Mcu, mcu
from tests.peers.sip.mcu_call import McuCall
from tests.peers.sip.mcu_media import Faults
from tests.peers.sip.programme import SITES, Shown

pytestmark = pytest.mark.timeout(240)  # a busy machine
PEOPLE, SLIDES = SITES[Shown.PEOPLE], SITES[Shown.SLIDES]
SCRIPT = f"wait 0.2, {ENCRYPTED}#, wait 0.2, {PIN}#"


@contextlib.asynccontextmanager
async def meeting(
    one: Mcu, *, encryption: str = "required", trust: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Site, McuCall]]:
    """A site in the conference, past the entry queue; the MCU's call beside it."""
    choices = SipChoices(entry_queue=SCRIPT, encryption=encryption, mic_off="*6", mic_on="#6")
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
        await here.call.set_hand(True)
        await until(lambda: there.hands == 1, "the hand at the operator")
        for live in (False, True):
            await here.call.set_mic(live)
            await until(lambda live=live: there.muted is not live, "mute at the MCU")  # type: ignore[misc]
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


async def test_a_keyframe_asked_for_by_info_is_given(rmx: Mcu) -> None:
    tracks = near(1)
    assert isinstance(tracks.video, NumberedVideo)
    video = tracks.video
    call = await SipDialer().dial(rmx.address(OPEN), tracks, name="site 1")
    # A call's first seconds have keyframes that nobody asked for.
    await asyncio.sleep(FIRST_KEYFRAMES_S[-1] + 1.0)
    before = video.keyframes
    async with asyncio.timeout(PATIENCE_S):
        while video.keyframes == before:
            rmx.calls[0].ask_keyframe()
            await asyncio.sleep(0.7)  # wishes that come closer together count as one
    await call.hang_up()


@pytest.mark.parametrize(
    ("faults", "encrypted"),
    [(Faults(no_srtp=True), False), (Faults(no_mki=True), True), (Faults(), True)],
    ids=["no SRTP", "no MKI", "as it is"],
)
async def test_encrypted_where_the_mcu_can(faults: Faults, encrypted: bool) -> None:
    async with mcu(faults) as one:
        here = await site(SipDialer(), one.address(OPEN), 1)
        await until(lambda: here.sees == PEOPLE, "the people's picture")
        await until(lambda: here.hears() == {PEOPLE}, "the people's sound")
        assert one.calls[0].media.encrypted is encrypted
        await here.leave()


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        ("4711", 200, EndReason.REFUSED),
        (OPEN, 486, EndReason.BUSY),
        (OPEN, 503, EndReason.UNREACHABLE),
        (OPEN, 0, EndReason.UNREACHABLE),
    ],
)
async def test_no_call(number: str, code: int, reason: EndReason) -> None:
    async with mcu(Faults(code=code)) as one:
        with pytest.raises(DialError) as told:
            deadline_s = DIAL_DEADLINE_S if code else 4.0
            await SipDialer(deadline_s=deadline_s).dial(one.address(number), near(1), name="x")
    assert told.value.reason is reason


async def test_keys_that_are_taken_only_where_nothing_else_is_offered() -> None:
    """And back again, where a server after all takes none."""
    async with mcu(Faults(code=488)) as one:
        dialer = SipDialer()
        offers = []
        for _ in range(3):
            with pytest.raises(DialError):
                await dialer.dial(one.address(OPEN), near(1), name="x")
            offers.append(one.calls[-1].offered)
    assert ["RTP/SAVP" in offer for offer in offers] == [False, True, False]


async def test_encryption_demanded_here_and_not_had_there() -> None:
    async with mcu(Faults(no_srtp=True)) as one:
        choices = SipChoices(encryption="required")
        with pytest.raises(DialError) as told:
            await SipDialer(choices=choices).dial(one.address(OPEN), near(1), name="x")
    assert told.value.reason is EndReason.REFUSED
    assert "encryption" in told.value.detail


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
