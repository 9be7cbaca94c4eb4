"""`99` is said again where the far end's reports tell that its keys did not arrive."""

import asyncio
from collections.abc import Callable
from typing import Any

from appliance.base.config import SipChoices
from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.dtmf import DtmfSender
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.media.rtp.dtmf import Event
from tests.dialers.sip.relay import HOST, Relay
from tests.fast_net import play
from tests.media.local_tracks import NumberedVideo, Tone
from tests.media.lossy_path import LossyPath

SETTLED_S = 8.0
"""Our reports come each second: what is not said again by then is not said again."""


def session_of_sound() -> MediaSession:
    near = LocalTracks(NumberedVideo(frames=0), Tone())
    return MediaSession(near, encryption=Encryption.OFF, name="x", on_keyframe_wanted=lambda: None)


def is_key(datagram: bytes) -> bool:
    """Whether an RTP packet is a telephone event: four bytes after the head (RFC 4733 2.3)."""
    return len(datagram) == 16 and Event.parse(datagram[12:]) is not None


async def _hand(drops: Callable[[int, bytes], bool], up_for_s: float = SETTLED_S) -> list[str]:
    """The keys that the far end heard of a hand that rose on such a line."""
    relay = Relay(LossyPath(drops=drops))
    keys: list[str] = []
    far, ours = session_of_sound(), session_of_sound()
    far.heard_key = keys.append
    await relay.open()
    try:
        await far.open(HOST)
        await ours.open(HOST)
        answer = ours.answer(relay.offered(far.offer(), "audio"))
        far.accept(relay.answered(answer, "audio"))
        assert await ours.lost_after_report(10.0) is not None
        sender = DtmfSender(ours, SipChoices(), (), _no_info)
        await sender.enter()
        assert await sender.hand(True)
        repeating = asyncio.create_task(sender.repeat_hand())
        await asyncio.sleep(up_for_s)
        await sender.hand(False)
        await asyncio.sleep(SETTLED_S)
        assert repeating.done()
        await sender.repeat_hand()
        return keys
    finally:
        await far.close()
        await ours.close()
        relay.close()


def _no_info(*_: Any) -> bool:
    raise AssertionError("keys go out as telephone events here")


def test_keys_that_arrived_are_said_once() -> None:
    assert play(_hand(lambda number, data: False)) == ["9", "9"]


def test_a_few_lost_packets_cost_no_key() -> None:
    assert play(_hand(lambda number, data: number % 25 == 0)) == ["9", "9"]


def test_keys_that_were_lost_are_said_again() -> None:
    lost: list[bytes] = []

    def first_hand(_: int, data: bytes) -> bool:
        if is_key(data) and len(lost) < 22:  # two keys of eight packets and three ends, less one
            lost.append(data)
            return True
        return False

    assert play(_hand(first_hand))[-2:] == ["9", "9"]
    assert len(lost) == 22


def test_a_line_that_loses_every_key_is_not_filled_with_them() -> None:
    tried: list[bytes] = []

    def every_key(_: int, data: bytes) -> bool:
        tried.extend([data] if is_key(data) else [])
        return is_key(data)

    assert play(_hand(every_key)) == []
    keys = sum(1 for data in tried if data[1] & 0x80)
    assert keys == 2 * 4, "once, and three times again"


def test_a_hand_that_is_down_by_then_is_not_said_again() -> None:
    assert play(_hand(lambda _, data: is_key(data), up_for_s=0.0)) == []
