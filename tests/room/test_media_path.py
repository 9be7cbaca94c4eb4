"""Media through the room, packet by packet, over two real paths: one publishes, one sees it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from appliance.media.rtp import rtcp
from services.room.media.publisher import PublishedMedia
from services.room.media.rewrite import Incoming
from services.room.media.sink import VIDEO_TYPE
from services.room.media.subscriber import SubscribedMedia
from tests.room.far_ends import PICTURE, FarEnd

BITRATE = 1_200_000
KEYFRAME, SLICE = b"\x65key", b"\x41slice"


@dataclass
class Paths:
    """Both far ends, and what the room has for each."""

    sender: FarEnd
    viewer: FarEnd
    published: PublishedMedia
    seen: SubscribedMedia

    @property
    def ssrc(self) -> int:
        """Of the viewer's line."""
        return self.seen.sinks[0].ssrc


@pytest.fixture
async def paths() -> AsyncIterator[Paths]:
    sender, viewer = FarEnd(offers=True), FarEnd(offers=False)
    published = await sender.publish(BITRATE)
    both = Paths(sender, viewer, published, await viewer.subscribe(published))
    yield both
    await viewer.close()
    await sender.close()
    await asyncio.gather(published.transport.close(), both.seen.transport.close())


def requests(far: FarEnd, fmt: int) -> list[int]:
    """The media that it was asked for by feedback of this format."""
    return [
        packet.media_ssrc
        for packet in far.rtcp
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == fmt
    ]


async def test_packets_come_out_with_the_viewers_own_numbers(paths: Paths) -> None:
    await paths.sender.send(99, SLICE, 1000)
    await paths.sender.send(100, KEYFRAME, 4000)
    await paths.sender.send(101, SLICE, 7000)
    first, second = await paths.viewer.picture(2)
    assert (first.payload, second.payload) == (KEYFRAME, SLICE), "a decoder can start there"
    assert {first.ssrc, second.ssrc} == {paths.ssrc}
    assert first.payload_type == VIDEO_TYPE
    assert (second.sequence_number - first.sequence_number) & 0xFFFF == 1
    assert second.timestamp - first.timestamp == 3000
    assert paths.published.last_rtp_at is not None


async def test_what_is_missing_is_asked_of_the_sender_and_passed_on(paths: Paths) -> None:
    for sequence in (10, 11, 14):
        await paths.sender.send(sequence, KEYFRAME, sequence)

    def asked() -> set[int]:
        found = [one for one in paths.sender.rtcp if isinstance(one, RtcpRtpfbPacket)]
        return {number for one in found if one.media_ssrc == PICTURE for number in one.lost}

    await paths.sender.until(lambda: asked() == {12, 13})
    await paths.sender.send(12, KEYFRAME, 12)
    *_, late = await paths.viewer.picture(4)
    assert late.sequence_number == 12


async def test_what_a_viewer_misses_is_sent_to_it_again_from_here(paths: Paths) -> None:
    await paths.sender.send(20, KEYFRAME)
    await paths.viewer.picture(1)
    lost = paths.seen.sinks[0].stream.forward(Incoming(True, 96, 21, 0, PICTURE, SLICE), 1.0)
    await paths.sender.send(22, SLICE)
    last = (await paths.viewer.picture(2))[-1].sequence_number
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=paths.ssrc, lost=[last - 1, last + 9])
    await paths.viewer.transport.send(bytes(nack))
    await paths.viewer.picture(3)
    assert paths.viewer.rtp[2] == lost


async def test_a_viewer_that_cannot_decode_gets_a_keyframe(paths: Paths) -> None:
    await paths.sender.until(lambda: requests(paths.sender, RTCP_PSFB_PLI) != [])
    await paths.sender.send(1, KEYFRAME)
    await paths.viewer.picture(1)
    await paths.sender.until(lambda: not paths.published.sources["0"].keyframe_wanted)
    before = len(requests(paths.sender, RTCP_PSFB_PLI))
    await paths.viewer.transport.send(rtcp.pli(1, paths.ssrc))
    await paths.sender.until(lambda: len(requests(paths.sender, RTCP_PSFB_PLI)) > before)
    assert set(requests(paths.sender, RTCP_PSFB_PLI)) == {PICTURE}


async def test_the_sender_learns_its_limit_and_how_it_arrives(paths: Paths) -> None:
    await paths.sender.send(0xFFFF, KEYFRAME)
    await paths.sender.send(0, SLICE)

    def blocks() -> list[int]:
        found = [one for one in paths.sender.rtcp if isinstance(one, RtcpRrPacket)]
        return [block.highest_sequence for one in found for block in one.reports]

    await paths.sender.until(lambda: 0x1_0000 in blocks())
    limits = [
        unpack_remb_fci(one.fci)
        for one in paths.sender.rtcp
        if isinstance(one, RtcpPsfbPacket) and one.fmt == RTCP_PSFB_APP
    ]
    bitrate, ssrcs = limits[-1]
    assert BITRATE * 0.99 <= bitrate <= BITRATE, "REMB has a mantissa of 18 bits"
    assert ssrcs == [PICTURE]


async def test_a_sender_report_speaks_of_the_viewers_stream(paths: Paths) -> None:
    await paths.sender.send(1, KEYFRAME, 90_000)
    (packet,) = await paths.viewer.picture(1)
    report = RtcpSenderInfo(
        ntp_timestamp=5 << 32, rtp_timestamp=93_000, packet_count=700, octet_count=70_000
    )
    await paths.sender.transport.send(bytes(RtcpSrPacket(PICTURE, report)))

    def reports() -> list[RtcpSrPacket]:
        return [one for one in paths.viewer.rtcp if isinstance(one, RtcpSrPacket)]

    await paths.viewer.until(lambda: reports() != [])
    (told,) = reports()
    assert told.ssrc == paths.ssrc
    assert told.sender_info.ntp_timestamp == 5 << 32
    assert told.sender_info.rtp_timestamp == packet.timestamp + 3000
    assert told.sender_info.packet_count == 1, "what this viewer was sent, not what came in"


async def test_packets_of_nobody_are_dropped(paths: Paths) -> None:
    for stray in (b"", b"\x80", bytes([0x80, 96, 0, 1]) + bytes(8) + KEYFRAME):
        await paths.published._on_rtp(stray)
    await paths.sender.send(5, KEYFRAME)
    (packet,) = await paths.viewer.picture(1)
    assert packet.payload == KEYFRAME
    assert paths.published.sources["0"].reception() is not None
    assert paths.viewer.rtp[1:] == []
