"""Near tracks: one encode for all, keyframes on request, bit rate, pauses, stalled consumers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.camera import Camera
from appliance.media.capture.local_video import MAX_QUEUE, LocalVideo
from appliance.media.formats import VIDEO_CLOCK
from tests.media.capture.recordings import decoded, write_video


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[Camera]:
    path = write_video(tmp_path / "talk.mp4", size=(1280, 720))
    camera = Camera(f"file:{path}", (1280, 720), 30)
    camera.open()
    yield camera
    assert await asyncio.to_thread(camera.close)


async def some(track: LocalVideo, count: int) -> list[Packet[Stream]]:
    async with asyncio.timeout(20):
        return [await track.recv() for _ in range(count)]


async def test_two_tracks_share_each_packet(camera: Camera) -> None:
    first = LocalVideo(camera)
    await some(first, 3)
    second = LocalVideo(camera)
    mine, theirs = await asyncio.gather(some(first, 40), some(second, 20))
    assert theirs[0].is_keyframe
    assert {id(packet) for packet in theirs} & {id(packet) for packet in mine}
    by_time = {packet.pts: bytes(packet) for packet in mine}
    assert all(by_time.get(packet.pts, bytes(packet)) == bytes(packet) for packet in theirs)
    first.stop()
    assert len(await some(second, 3)) == 3, "one that stops does not disturb the other"
    second.stop()


async def test_keyframes_on_request_but_not_more_than_two_a_second(camera: Camera) -> None:
    track = LocalVideo(camera)
    packets = []
    for _ in range(45):
        track.request_keyframe()
        packets += await some(track, 1)
    keys = [(packet.pts or 0) / 90_000 for packet in packets if packet.is_keyframe]
    assert 2 <= len(keys) <= 5
    assert all(b - a > 0.4 for a, b in pairwise(keys))
    track.stop()


async def test_the_ladder_follows_the_bit_rate_and_video_stops_below_it(camera: Camera) -> None:
    track = LocalVideo(camera)
    assert decoded(await some(track, 2))[0].shape == (720, 1280)
    track.set_bitrate(350_000)
    packets = await some(track, 20)
    small = next(p for p in packets if p.is_keyframe)
    assert decoded([small])[0].shape == (360, 640)
    track.set_bitrate(20_000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            while True:
                await track.recv()
    assert camera.encoder.rung is None
    track.set_bitrate(9_000_000)
    assert track.bitrate == track.highest_bitrate
    packet = (await some(track, 1))[0]
    assert packet.is_keyframe
    assert decoded([packet])[0].shape == (720, 1280)
    track.stop()


async def test_a_hot_box_sends_less_than_its_line_bears(camera: Camera) -> None:
    track = LocalVideo(camera)
    assert decoded(await some(track, 2))[0].shape == (720, 1280)
    camera.encoder.steps_down = 2
    small = next(p for p in await some(track, 20) if p.is_keyframe)
    assert decoded([small])[0].shape == (360, 640)
    camera.encoder.steps_down = 5
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            while True:
                await track.recv()
    assert camera.encoder.rung is None
    camera.encoder.steps_down = 0
    packet = (await some(track, 1))[0]
    assert packet.is_keyframe
    assert decoded([packet])[0].shape == (720, 1280)
    track.stop()


async def test_the_slowest_line_decides(camera: Camera) -> None:
    first, second = LocalVideo(camera), LocalVideo(camera)
    second.set_bitrate(350_000)
    await asyncio.gather(some(first, 20), some(second, 20))
    assert camera.encoder.rung is not None
    assert camera.encoder.rung.size == (640, 360)
    second.stop()
    await some(first, 20)
    assert camera.encoder.rung.size == (1280, 720)
    first.stop()


async def test_a_consumer_that_stalls_begins_anew_at_a_keyframe(camera: Camera) -> None:
    track = LocalVideo(camera)
    last = (await some(track, 1))[0]
    async with asyncio.timeout(10):
        while track.wanting:
            await asyncio.sleep(0.05)
    packets = await some(track, MAX_QUEUE // 2)
    assert packets[0].is_keyframe
    assert last.pts is not None
    assert packets[0].pts is not None
    dropped_s = (packets[0].pts - last.pts) / VIDEO_CLOCK
    assert dropped_s >= MAX_QUEUE / camera.fps, "all that waited, and what came meanwhile"
    assert len(decoded(packets)) == len(packets), "without a hole"
    track.stop()


async def test_a_stop_ends_a_recv_that_waits(camera: Camera) -> None:
    track = LocalVideo(camera)
    await some(track, 10)
    waiting = asyncio.ensure_future(some(track, 100))
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await waiting
    assert track.readyState == "ended"


async def test_it_lives_through_the_camera_s_closing(camera: Camera) -> None:
    track = LocalVideo(camera)
    await some(track, 2)
    assert await asyncio.to_thread(camera.close)
    camera.open()
    packets = await some(track, 40)
    assert any(packet.is_keyframe for packet in packets)
    track.stop()


@pytest.mark.case("K2")
async def test_two_tracks_of_two_codecs(camera: Camera) -> None:
    """A room that takes no H.264 beside one that takes nothing else."""
    h264, vp8 = LocalVideo(camera), LocalVideo(camera)
    vp8.codec = "vp8"
    packets, frames = await asyncio.gather(some(h264, 15), some(vp8, 15))
    assert packets[0].is_keyframe
    assert frames[0].is_keyframe
    assert len(decoded(packets)) == 15
    assert len(decoded(frames, "vp8")) == 15
    vp8.request_keyframe()
    assert any(packet.is_keyframe for packet in await some(vp8, 30))
    vp8.codec = "h264"
    again = await some(vp8, 3)
    assert again[0].is_keyframe
    assert len(decoded(again)) == 3
    with pytest.raises(ValueError, match="neither"):
        vp8.codec = "vp9"
    for track in (h264, vp8):
        track.stop()


@pytest.mark.case("K2")
async def test_a_camera_s_own_h264_is_encoded_anew_for_who_takes_vp8(tmp_path: Path) -> None:
    path = write_video(tmp_path / "own.mp4", frames=90, gop=10)
    camera = Camera(f"file:{path}", (320, 180), 30, passthrough=True)
    camera.open()
    h264, vp8 = LocalVideo(camera), LocalVideo(camera)
    vp8.codec = "vp8"
    packets, frames = await asyncio.gather(some(h264, 12), some(vp8, 12))
    assert len(decoded(packets)) == 12
    assert len(decoded(frames, "vp8")) == 12
    for track in (h264, vp8):
        track.stop()
    assert await asyncio.to_thread(camera.close)
