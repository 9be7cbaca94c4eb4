"""Two real connections on loopback with a lossy way between them; frames are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import av
import numpy as np
import pytest
from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters

from appliance.media.jitter.audio import MAX_BUFFER_S
from appliance.media.receive.audio import FarAudio
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import MAX_FRAMES, MAX_UNDECODED, FarVideo
from appliance.media.webrtc.connection import Connection, connection
from tests.media.local_tracks import NumberedVideo, Tone, join, number_of
from tests.media.lossy_path import LossyPath, insert_path


class Pair:
    """A sends numbered pictures and a tone, B receives."""

    def __init__(self, way: LossyPath) -> None:
        self.video, self.tone = NumberedVideo(), Tone()
        self.a, self.b = connection(), connection()
        self.way = way

    def far(self, kind: str) -> FarTrack:
        (track,) = (
            t.receiver.track for t in self.b.getTransceivers() if t.receiver.track.kind == kind
        )
        assert isinstance(track, FarTrack)
        return track

    async def pictures(self, count: int) -> list[av.VideoFrame]:
        far = self.far("video")
        assert isinstance(far, FarVideo)
        async with asyncio.timeout(60):
            return [await far.recv() for _ in range(count)]

    async def sounds(self, count: int) -> list[av.AudioFrame]:
        far = self.far("audio")
        assert isinstance(far, FarAudio)
        async with asyncio.timeout(60):
            return [await far.recv() for _ in range(count)]


@asynccontextmanager
async def pair(way: LossyPath, *, video: bool = True, audio: bool = True) -> AsyncIterator[Pair]:
    both = Pair(way)
    if video:
        both.a.addTrack(both.video)
    if audio:
        both.a.addTrack(both.tone)
    try:
        async with asyncio.timeout(90):
            insert_path(both.a, way)
            await join(both.a, both.b)
            yield both
    finally:
        await both.a.close()
        await both.b.close()


def lost(*numbers: int) -> Callable[[int, bytes], bool]:
    return lambda number, datagram: number in numbers


@pytest.mark.real_time
async def test_tracks_are_far_tracks_and_frames_come_whole_and_in_order() -> None:
    async with pair(LossyPath()) as both:
        frames, sounds = await asyncio.gather(both.pictures(30), both.sounds(40))
        numbers = [number_of(frame) for frame in frames]
        assert numbers == list(range(numbers[0], numbers[0] + 30))
        assert {(f.width, f.height, f.format.name) for f in frames} == {(640, 360, "yuv420p")}
        assert {(f.samples, f.sample_rate, f.format.name, f.layout.name) for f in sounds} == {
            (960, 48000, "s16", "stereo")
        }
        assert both.far("video").statistics().nacked == 0
        assert both.far("audio").statistics().codec == "opus"


async def test_sound_is_due_every_20_ms_and_pictures_in_rising_order() -> None:
    async with pair(LossyPath()) as both:
        frames, sounds = await asyncio.gather(both.pictures(20), both.sounds(30))
        heard, shown = [due(frame) for frame in sounds], [due(frame) for frame in frames]
        assert all(abs(b - a - 0.02) < 1e-5 for a, b in pairwise(heard))
        assert all(b > a for a, b in pairwise(shown))


def due(frame: av.VideoFrame | av.AudioFrame) -> float:
    assert frame.pts is not None
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base)


@pytest.mark.real_time
async def test_one_lost_packet_heals_and_no_frame_is_broken_or_missing() -> None:
    async with pair(LossyPath(drops=lost(60, 75)), audio=False) as both:
        frames = await both.pictures(60)
        numbers = [number_of(frame) for frame in frames]
        assert numbers == list(range(numbers[0], numbers[0] + 60))
        far = both.far("video").statistics()
        assert (far.nacked, far.recovered, far.lost_packets) == (2, 2, 0)
        assert far.keyframe_requests == 0
        assert both.video.keyframes == 1


@pytest.mark.real_time
@pytest.mark.parametrize("seed", [1, 2])
async def test_five_per_cent_of_loss_costs_neither_picture_nor_much_sound(seed: int) -> None:
    way = LossyPath(seed=seed, loss=0.05, delay_s=0.02)
    async with pair(way) as both:
        frames, _ = await asyncio.gather(both.pictures(110), both.sounds(180))
        numbers = [number_of(frame) for frame in frames]
        assert numbers == sorted(set(numbers))
        assert way.dropped > 10
        # Healed, not skipped: only a keyframe request leaves numbers out.
        skipped = numbers[-1] - numbers[0] + 1 - len(numbers)
        assert skipped == 0 or both.far("video").statistics().keyframe_requests > 0
        sound = both.far("audio").statistics()
        assert 0 < sound.concealed_s < 0.15 * sound.received_s
        assert sound.frames == 180


@pytest.mark.real_time
async def test_reordered_and_doubled_packets_are_put_right() -> None:
    way = LossyPath(delay_s=0.01, jitter_s=0.008, duplicates=0.2)
    async with pair(way) as both:
        frames, _ = await asyncio.gather(both.pictures(60), both.sounds(90))
        numbers = [number_of(frame) for frame in frames]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] - numbers[0] == 59


async def test_a_burst_of_loss_brings_a_keyframe() -> None:
    async with pair(LossyPath(drops=lambda number, _: 60 <= number < 160), audio=False) as both:
        frames = await both.pictures(60)
        numbers = [number_of(frame) for frame in frames]
        assert numbers == sorted(set(numbers))
        assert both.far("video").statistics().keyframe_requests >= 1
        assert both.video.keyframes >= 2


@pytest.mark.real_time
async def test_holes_in_the_sound_are_filled() -> None:
    async with pair(LossyPath(drops=lambda number, _: number % 10 == 9), video=False) as both:
        sounds = await both.sounds(100)
        assert len(sounds) == 100
        far = both.far("audio").statistics()
        assert far.lost_packets >= 6
        assert 0.1 < far.concealed_s < 0.5
        loud = [int(np.max(np.abs(frame.to_ndarray()))) for frame in sounds[20:]]
        assert min(loud) > 2000  # a tone all along


async def test_unread_tracks_do_not_grow() -> None:
    async with pair(LossyPath()) as both:
        far, sound = both.far("video"), both.far("audio")
        assert isinstance(far, FarVideo)
        assert isinstance(sound, FarAudio)
        async with asyncio.timeout(30):
            while both.video.sent < 100:
                await asyncio.sleep(0.1)
                assert len(far._frames) <= MAX_FRAMES
                assert len(far._units) <= MAX_UNDECODED
                assert len(sound._jitter) <= MAX_BUFFER_S * 50 + 1
        assert far._asleep
        decoded = far.statistics().frames
        # Read again, it begins with a keyframe and goes on.
        numbers = [number_of(frame) for frame in await both.pictures(10)]
        assert numbers[0] >= 99
        assert numbers == list(range(numbers[0], numbers[0] + 10))
        assert decoded < 100
        (first,) = await both.sounds(1)
        assert first.samples == 960


async def test_a_stopped_or_closed_far_end_ends_recv() -> None:
    async with pair(LossyPath()) as both:
        await both.pictures(3)
        far = both.far("video")
        reading = asyncio.create_task(drain(far))
        await both.a.close()
        async with asyncio.timeout(10):
            await reading
        assert far.readyState == "ended"


async def drain(far: FarTrack) -> None:
    while True:
        try:
            await far.recv()
        except MediaStreamError:
            return


async def test_the_track_event_gives_the_same_track() -> None:
    seen: list[FarTrack] = []
    a, b = connection(), connection()
    b.on("track", seen.append)
    a.addTrack(NumberedVideo())
    try:
        await join(a, b)
        assert [type(track) for track in seen] == [FarVideo]
        assert seen[0] is b.getTransceivers()[0].receiver.track
    finally:
        await a.close()
        await b.close()


@pytest.mark.real_time
async def test_the_round_trip_becomes_known_and_the_track_hears_of_the_rate() -> None:
    async with pair(LossyPath(delay_s=0.03)) as both:
        a: Connection = both.a
        async with asyncio.timeout(20):
            while a.round_trip_s is None:
                await both.pictures(1)
        assert 0.03 <= a.round_trip_s < 0.5
        assert both.video.bitrates


async def test_h264_is_preferred_on_either_side() -> None:
    for offers_video in (True, False):
        a, b = connection(), connection()
        try:
            a.addTrack(NumberedVideo())
            if offers_video:
                await join(a, b)
            else:
                b.addTransceiver("video", direction="recvonly")
                await join(b, a)
            far = b.getTransceivers()[0].receiver.track
            assert isinstance(far, FarVideo)
            async with asyncio.timeout(20):
                await far.recv()
            assert far.statistics().codec == "H264"
        finally:
            await a.close()
            await b.close()


async def test_media_in_another_order_than_ours_share_one_transport() -> None:
    a, b = connection(), connection()
    try:
        a.addTrack(NumberedVideo())
        a.addTrack(Tone())
        b.addTransceiver("audio", direction="recvonly")
        b.addTransceiver("video", direction="recvonly")
        await join(b, a)
        async with asyncio.timeout(20):
            for transceiver in b.getTransceivers():
                await transceiver.receiver.track.recv()
    finally:
        await a.close()
        await b.close()


async def test_two_pictures_in_one_connection_are_told_apart() -> None:
    a, b = connection(), connection()
    tracks = [NumberedVideo(), NumberedVideo(first=5000)]
    try:
        for track in tracks:
            a.addTrack(track)
        await a.setLocalDescription(await a.createOffer())
        offer = a.localDescription
        # A far end that does not name its SSRCs: only the MID tells the two apart.
        lines = [line for line in offer.sdp.splitlines() if not line.startswith("a=ssrc")]
        await b.setRemoteDescription(RTCSessionDescription("\r\n".join(lines) + "\r\n", offer.type))
        await b.setLocalDescription(await b.createAnswer())
        await a.setRemoteDescription(b.localDescription)
        async with asyncio.timeout(20):
            numbers = []
            for transceiver in b.getTransceivers():
                far = transceiver.receiver.track
                assert isinstance(far, FarVideo)
                numbers.append(number_of(await far.recv()))
        assert numbers[0] < 5000 <= numbers[1]
    finally:
        await a.close()
        await b.close()


async def test_a_receiver_that_is_stopped_before_it_began_never_begins() -> None:
    """aiortc connects in a task of its own, which a close in the middle does not end."""
    both = connection()
    transceiver = both.addTransceiver("video", "recvonly")
    await transceiver.receiver.stop()
    before = asyncio.all_tasks()
    await transceiver.receiver.receive(RTCRtpReceiveParameters())
    assert asyncio.all_tasks() == before
    await both.close()
