"""A far end that holds this site, by whatever direction, is silent, and takes it back."""

import asyncio
import re
import time

import pytest
from sipmessage import Message, Request

from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.dialer import SipDialer
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.signalling.message import carry
from services.endpoint.call.call_keeper import SILENT_MEDIA_S
from tests.dialers.sip.far_end import FarEnd, far_end
from tests.dialers.sip.media_pair import end
from tests.dialers.sites import site, until
from tests.fast_net import play
from tests.stories.cards import OURS, OURS_S, Card, Hum

pytestmark = pytest.mark.timeout(240)  # a busy machine
HOLDS = {
    "sendonly": ("a=sendrecv", "a=sendonly"),
    "inactive": ("a=sendrecv", "a=inactive"),
    "nowhere": ("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"),
    "no picture": (r"m=video \d+", "m=video 0"),
}


def hold(far: FarEnd, how: tuple[str, str]) -> None:
    """Offer that, in the call that is up."""
    agent = far.agents[0]
    agent.session.offer(re.sub(*how, agent.media.offer()), time.monotonic())
    agent.turn()


def ask_for_an_offer(far: FarEnd) -> list[str]:
    """A re-INVITE without a description; its answer goes with the ACK. Gives our offers."""
    agent, offers = far.agents[0], list[str]()

    def with_answer(message: Message) -> None:
        if isinstance(message, Request) and message.method == "ACK":
            offers.append(agent.session._media.far)
            carry(message, agent.media.answer(offers[-1]))

    far.rewrite = with_answer
    agent.session.offer("", time.monotonic())
    agent.turn()
    return offers


@pytest.mark.case("C3")
@pytest.mark.parametrize("how", HOLDS.values(), ids=HOLDS)
async def test_taken_back_by_a_re_invite_without_a_description(how: tuple[str, str]) -> None:
    async with far_end(encryption=Encryption.OFF) as far:
        one = await site(SipDialer(), f"sip:1000@127.0.0.1:{far.port};transport=tcp", 1)
        await until(lambda: one.sees == 2, "the far picture")
        hold(far, how)
        requests = far.agents[0].session._requests
        await until(lambda: not requests.offering, "the hold")
        offers = ask_for_an_offer(far)
        await until(lambda: bool(offers), "our offer")
        assert offers[0].count("a=sendrecv") == 2
        one.numbers.clear()
        await until(lambda: one.sees == 2, "the picture again")
        media = far.agents[0].media
        assert isinstance(media, MediaSession)
        packets = media.statistics().received_packets
        await until(lambda: media.statistics().received_packets > packets + 30, "our media again")
        await one.leave()


@pytest.mark.case("C7")
@pytest.mark.parametrize("how", HOLDS.values(), ids=HOLDS)
def test_a_far_end_that_only_answers_is_alive(how: tuple[str, str]) -> None:
    """No music, no RTCP: it holds, or sends sound alone and suppresses silence. Gone is only who
    says nothing at all."""

    async def story() -> None:
        async with far_end(encryption=Encryption.OFF) as far:
            address = f"sip:1000@127.0.0.1:{far.port};transport=tcp"
            tracks = LocalTracks(Card(OURS, OURS_S), Hum())
            call = await SipDialer().dial(address, tracks, name="Xã Ia Kly")
            await asyncio.sleep(3.0)
            hold(far, how)
            await asyncio.sleep(1.0)
            await far.agents[0].media.close()
            for _ in range(60):
                await asyncio.sleep(1.0)
                assert time.monotonic() - call.heard_at < SILENT_MEDIA_S - 1.0
                assert call.ended is None
            assert far.methods().count("OPTIONS") >= 10
            far.code = 0
            await asyncio.sleep(SILENT_MEDIA_S + 5.0)
            assert time.monotonic() - call.heard_at > SILENT_MEDIA_S
            await call.hang_up()

    play(story())


@pytest.mark.case("C7")
def test_who_should_send_a_picture_and_only_answers_is_alive_for_seconds() -> None:
    """Its media may be broken: a call that is dialled again may have others."""

    async def story() -> None:
        async with far_end(encryption=Encryption.OFF) as far:
            address = f"sip:1000@127.0.0.1:{far.port};transport=tcp"
            tracks = LocalTracks(Card(OURS, OURS_S), Hum())
            call = await SipDialer().dial(address, tracks, name="Xã Ia Kly")
            await asyncio.sleep(3.0)
            await far.agents[0].media.close()
            await asyncio.sleep(SILENT_MEDIA_S + 1.0)
            assert time.monotonic() - call.heard_at < SILENT_MEDIA_S
            await asyncio.sleep(12.0)
            assert time.monotonic() - call.heard_at > SILENT_MEDIA_S
            await call.hang_up()

    play(story())


async def test_an_end_without_a_call_makes_its_first_offer() -> None:
    one = end(Encryption.OFF)
    await one.session.open("127.0.0.1")
    assert one.session.offer().count("a=sendrecv") == 2
    await one.close()
