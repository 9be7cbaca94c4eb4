"""Packets of which no picture is ever made are noticed; a picture that freezes is not one."""

import asyncio

import pytest

from appliance.media.jitter.packets import Packet
from appliance.media.receive.video import FarVideo
from tests.media.local_tracks import numbered, vp8_encoder


class Far:
    """A track that is read, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.track = FarVideo(now=lambda: self.now)
        self.sent = 0

    async def send(self, seconds: float, payload: bytes) -> None:
        """Ten packets a second, each a frame."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.sent += 1
            packet = Packet(self.sent, self.sent * 9000, b"\x10" + payload, True, 7)
            self.track.feed(packet, "VP8", 90000, self.now)
            await asyncio.sleep(0.005)


@pytest.mark.case("K1")
async def test_packets_without_ever_a_frame() -> None:
    far = Far()
    reading = asyncio.create_task(far.track.recv())
    await asyncio.sleep(0)
    await far.send(7.0, b"no picture at all")
    assert 6.5 < far.track.undecoded_s(100.0) < 7.5
    assert 1.5 < far.track.undecoded_s(105.0) < 2.5, "since another's packets come"
    far.now += 1.0
    assert far.track.undecoded_s(100.0) == 0.0, "nothing comes: it is silent"
    reading.cancel()
    far.track.stop()


@pytest.mark.case("K1")
async def test_a_picture_that_froze_is_its_sender_s_all_the_same() -> None:
    far = Far()
    picture = numbered(1)
    picture.pts = 0
    (keyframe,) = vp8_encoder().encode(picture)
    await far.send(0.1, bytes(keyframe))
    async with asyncio.timeout(10):
        await far.track.recv()
    reading = asyncio.create_task(far.track.recv())
    await asyncio.sleep(0)
    await far.send(7.0, b"no picture at all")
    assert far.track.undecoded_s(99.0) == 0.0
    reading.cancel()
    far.track.stop()


@pytest.mark.case("K1")
async def test_a_track_that_nobody_reads_is_not_judged() -> None:
    far = Far()
    await far.send(9.0, b"no picture at all")
    assert far.track.undecoded_s(100.0) == 0.0
    far.track.stop()
