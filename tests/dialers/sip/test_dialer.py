"""The whole dialer against a far end on a real port."""

import asyncio

import pytest

from appliance.base.config import SipChoices
from appliance.dialers.api import DialError, EndReason
from appliance.dialers.sip.dialer import SipDialer
from appliance.dialers.sip.dtmf_script import DtmfScriptError, Step, steps
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.dialers.sip.signalling.message import FAST_UPDATE, wants_keyframe
from tests.dialers.sip.far_end import far_end
from tests.dialers.sites import near, site, until


def address(port: int) -> str:
    return f"sip:1000@127.0.0.1:{port};transport=tcp"


async def test_a_call_with_media_hand_and_a_clean_end() -> None:
    choices = SipChoices(entry_queue="wait 0.1, 12#", registrar="sip:127.0.0.1", register=False)
    async with far_end() as far:
        one = await site(SipDialer(choices=choices), address(far.port), 1)
        await until(lambda: one.sees == 2, "the far picture")
        await until(lambda: one.hears() == {2}, "the far sound")
        await until(lambda: "".join(far.keys) == "12#", "conference ID")
        await one.call.set_hand(True)
        assert one.call.floor.hand_confirmed
        await until(lambda: "".join(far.keys) == "12#99", "the hand")
        await one.call.set_hand(False)
        assert not one.call.floor.hand_confirmed
        far.agents[0].inform("application/media_control+xml", FAST_UPDATE)
        await one.leave()
        assert one.call.ended is EndReason.OURS
        await until(lambda: far.agents[0].ended is not None, "the BYE")
        statistics = one.call.statistics()
    assert statistics.flowed
    assert statistics.video.codec == "H264"


async def test_the_far_end_hangs_up() -> None:
    async with far_end() as far:
        one = await site(SipDialer(), address(far.port), 1)
        await far.agents[0].leave()
        await until(lambda: one.call.ended is not None, "the end")
        assert one.call.ended is EndReason.FAR_END
        await one.leave()


async def test_registered_for_the_time_of_the_call() -> None:
    async with far_end() as far:
        registrar = f"sip:127.0.0.1:{far.port};transport=tcp"
        choices = SipChoices(user="ia-kly", registrar=registrar, register=True)
        one = await site(SipDialer(choices=choices), address(far.port), 1)
        await one.leave()
        assert far.registered == ["600", "0"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (403, EndReason.FORBIDDEN),
        (404, EndReason.REFUSED),
        (486, EndReason.BUSY),
        (488, EndReason.REFUSED),
        (503, EndReason.UNREACHABLE),
        (0, EndReason.UNREACHABLE),
    ],
)
async def test_no_call(code: int, reason: EndReason) -> None:
    async with far_end(code) as far:
        with pytest.raises(DialError) as told:
            await SipDialer(deadline_s=3.0).dial(address(far.port), near(1), name="x")
    assert told.value.reason is reason
    assert told.value.detail
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(
    "text", ["sip:1000", "sip:1000@x;transport=carrier-pigeon", "sip:a:secret@x", "sips:"]
)
async def test_no_address(text: str) -> None:
    with pytest.raises(DialError) as told:
        await SipDialer().dial(text, near(1), name="x")
    assert told.value.reason in (EndReason.BAD_ADDRESS, EndReason.UNREACHABLE)


async def test_encryption_that_the_far_end_does_not_take() -> None:
    async with far_end(encryption=Encryption.REQUIRED) as far:
        one = await site(SipDialer(), address(far.port), 1)
        await until(lambda: one.sees == 2, "an encrypted picture")
        assert far.agents[0].media.encrypted
        await one.leave()


def test_the_script_of_an_entry_queue() -> None:
    assert steps("wait 4, 1234#,wait 0.5 s") == (Step(4.0), Step(keys="1234#"), Step(0.5))
    assert steps("") == ()
    with pytest.raises(DtmfScriptError) as told:
        steps("wait 4, 1234x")
    assert "1234" not in str(told.value).replace("1234#, wait", "")


def test_a_wish_for_a_keyframe() -> None:
    assert wants_keyframe("application/media_control+xml", FAST_UPDATE)
    assert not wants_keyframe("application/media_control+xml", "<media_control/>")
    assert not wants_keyframe("text/plain", FAST_UPDATE)
