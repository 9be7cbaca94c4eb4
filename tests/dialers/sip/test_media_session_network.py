"""What happens in the network: loss, another stream, goodbye, feedback in all its forms."""

import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiortc.rtp import RtcpByePacket, is_rtcp

from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.media.receive.video import FarVideo
from appliance.media.rtp import rtcp
from tests.dialers.sip.media_pair import End, agree, end, media_flow, media_pair, until
from tests.dialers.sip.relay import HOST, Relay
from tests.media.lossy_path import LossyPath
from tests.media.rtp.tmmbr import tmmbr

OFF, REQUIRED = Encryption.OFF, Encryption.REQUIRED


@asynccontextmanager
async def through_relay(
    relay: Relay,
    kind: str = "video",
    encryption: Encryption = OFF,
    feedback: Callable[[str], str] = str,
) -> AsyncIterator[tuple[End, End]]:
    """Both ends; one medium from the second to the first goes through the relay."""
    await relay.open()
    try:
        async with media_pair(
            encryption,
            encryption,
            offer=lambda sdp: feedback(relay.offered(sdp, kind)),
            answer=lambda sdp: relay.answered(sdp, kind),
        ) as ends:
            yield ends
    finally:
        relay.close()


def without(*kinds: str) -> Callable[[str], str]:
    """An offer without those kinds of feedback."""

    def rewritten(sdp: str) -> str:
        for kind in kinds:
            sdp = sdp.replace(f"a=rtcp-fb:* {kind}\r\n", "")
        return sdp

    return rewritten


@pytest.mark.parametrize("encryption", [OFF, REQUIRED])
async def test_a_lost_packet_is_asked_for_again(encryption: Encryption) -> None:
    relay = Relay(LossyPath(drops=lambda number, data: number % 50 == 40, delay_s=0.02))
    async with through_relay(relay, encryption=encryption) as (a, b):
        await media_flow(a, b)
        track = a.session.video
        assert isinstance(track, FarVideo)
        await until(lambda: relay.back.dropped >= 5, "five lost packets")
        # How soon, and that all are, is the jitter buffer's matter, tested without a clock.
        await until(lambda: track.statistics().recovered >= 5, "five that came after all")
        shown = len(a.numbers)
        await until(lambda: len(a.numbers) >= shown + 15, "fifteen more pictures")


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (("nack",), b"\x81\xce"),  # PLI
        (("nack", "nack pli"), b"\x84\xce"),  # FIR
        (("nack", "nack pli", "ccm fir"), None),  # the signalling
    ],
)
async def test_without_repetition_a_keyframe_is_asked_for(
    missing: tuple[str, ...], expected: bytes | None
) -> None:
    heard: list[bool] = []
    # More than once: what a keyframe of the first seconds heals by chance is not asked for.
    relay = Relay(LossyPath(drops=lambda number, data: number % 150 == 0 and not heard))
    async with through_relay(relay, feedback=without(*missing)) as (a, b):
        await media_flow(a, b)

        def asked() -> bool:
            if expected is None:
                return bool(a.asked)
            return any(expected in compound for compound in relay.seen)

        relay.seen.clear()
        a.asked.clear()
        dropped = relay.back.dropped
        await until(lambda: relay.back.dropped > dropped, "a lost packet")
        await until(asked, "a keyframe asked for")
        heard.append(True)
        shown = len(a.numbers)

        def goes_on() -> bool:
            if expected is None:
                b.session.fast_update()
            return len(a.numbers) >= shown + 15

        await until(goes_on, "fifteen more pictures")
        assert b.video.keyframes > 1


async def test_keyframe_requests_nobody_hears_go_all_ways() -> None:
    relay = Relay(LossyPath())
    async with through_relay(relay, feedback=without("nack")) as (a, b):
        await media_flow(a, b)
        relay.seen.clear()
        a.asked.clear()
        # every third packet has another number: nothing can be put together any more
        relay.rewrite = lambda data: (
            data
            if is_rtcp(data) or data[3] % 3
            else data[:2] + struct.pack("!H", (data[2] << 8 | data[3]) + 1 & 0xFFFF) + data[4:]
        )
        await until(lambda: bool(a.asked), "the signalling's way, in the end")
        for kind, words in (("PLI", b"\x81\xce\0\2"), ("FIR", b"\x84\xce\0\4")):
            await until(
                lambda words=words: any(words in compound for compound in relay.seen),  # type: ignore[misc]
                kind,
            )


async def test_another_ssrc_in_mid_call() -> None:
    relay = Relay(LossyPath())
    async with through_relay(relay) as (a, b):
        await media_flow(a, b)
        shown = len(a.numbers)
        relay.inject(bytes(RtcpByePacket([1])), 1)
        relay.rewrite = lambda data: (
            data[:4] + b"new!" + data[8:] if is_rtcp(data) else data[:8] + b"new!" + data[12:]
        )
        await until(lambda: len(a.numbers) >= shown + 15, "pictures of the new stream")


async def test_goodbye_is_survived() -> None:
    relay = Relay(LossyPath())
    async with through_relay(relay, "audio") as (a, b):
        await media_flow(a, b)
        for number in (0, 1):
            relay.inject(rtcp.cname(1, "x") + bytes(RtcpByePacket([1])), number)
        a.sound.clear()
        await until(lambda: a.hears(880.0), "the tone after the goodbye")


async def test_a_temporary_limit_is_kept_and_notified() -> None:
    relay = Relay(LossyPath())
    async with through_relay(relay) as (a, b):
        await media_flow(a, b)
        await until(lambda: bool(relay.seen), "a report of the one that is limited")
        own = next(int.from_bytes(compound[4:8]) for compound in relay.seen)
        relay.inject(tmmbr(0x77777777, own, 256_000), 1)
        await until(
            lambda: any(b"\x84\xcd\0\4" in compound for compound in relay.seen), "the TMMBN"
        )
        notified = next(compound for compound in relay.seen if b"\x84\xcd\0\4" in compound)
        assert b"\x77\x77\x77\x77" in notified
        assert a.video.bitrates[-1] <= 256_000
        relay.inject(tmmbr(0x77777777, own, 900_000), 1)
        await until(lambda: a.video.bitrates[-1] > 256_000, "the higher rate")


async def test_sound_through_loss_and_reordering() -> None:
    relay = Relay(LossyPath(loss=0.05, jitter_s=0.04))
    async with through_relay(relay, "audio", REQUIRED) as (a, b):
        await media_flow(a, b)
        await until(lambda: relay.back.dropped >= 8, "eight lost packets")
        await until(lambda: a.session.statistics().audio.concealed_s > 0, "sound that is made up")
        a.sound.clear()
        await until(lambda: a.hears(880.0), "the tone")


async def test_the_far_end_moves_to_another_address() -> None:
    """The RMX hands a call on from its entry queue to the conference by a re-INVITE."""
    async with media_pair(REQUIRED, REQUIRED) as (a, b):
        await media_flow(a, b)
        c = end(REQUIRED, first=20_000, hertz=1320.0)
        try:
            await c.session.open(HOST)
            agree(c, a)
            c.watch()
            await b.close()
            await until(lambda: a.numbers[-1] >= 20_000, "the conference's picture")
            await until(lambda: a.hears(1320.0), "the conference's sound")
            await until(lambda: len(set(c.numbers)) > 15, "our picture in the conference")
        finally:
            await c.close()
