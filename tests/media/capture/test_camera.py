"""One camera from its device to packets: pictures, card, unplugging, passthrough, self-view."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.camera import Camera
from appliance.media.capture.device import CaptureState
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.sources import SourceError
from tests.media.capture.recordings import decoded, read_number, write_video

CARD = np.full((90, 160, 3), 255, np.uint8)
SIZE = (320, 180)


@asynccontextmanager
async def opened(camera: Camera) -> AsyncIterator[LocalVideo]:
    camera.open()
    track = LocalVideo(camera, 800_000)
    try:
        yield track
    finally:
        track.stop()
        assert await asyncio.to_thread(camera.close)


async def some(track: LocalVideo, count: int) -> list[Packet[Stream]]:
    async with asyncio.timeout(20):
        return [await track.recv() for _ in range(count)]


async def until(track: LocalVideo, met: Callable[[], bool]) -> list[Packet[Stream]]:
    packets = []
    async with asyncio.timeout(20):
        while not met():
            packets.append(await track.recv())
    return packets


async def keyframe_of(track: LocalVideo) -> Packet[Stream]:
    async with asyncio.timeout(20):
        while not (packet := await track.recv()).is_keyframe:
            pass
    return packet


def is_card(packet: Packet[Stream]) -> bool:
    return bool(decoded([packet])[0].mean() > 225)


async def test_a_recording_is_scaled_looped_and_read_at_the_far_side(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", frames=20, size=(640, 480))
    async with opened(Camera(f"file:{path}", SIZE, 30)) as track:
        packets = await some(track, 45)
        numbers = [read_number(luma[:, 40:280]) for luma in decoded(packets)]
        assert set(numbers) <= set(range(20)), "every picture is readable"
        wraps = sum(a > b for a, b in pairwise(numbers) if a and b is not None)
        assert wraps >= 1, "the recording is looped"
        times = [packet.pts or 0 for packet in packets]
        assert times == sorted(set(times))
        assert abs(times[0] / 90_000 - time.monotonic()) < 10, "on the monotonic clock"
        assert packets[0].is_keyframe
        assert track.camera.state is CaptureState.LIVE


async def test_no_camera_sends_the_card_and_is_no_problem() -> None:
    async with opened(Camera("none", SIZE, 30, CARD)) as track:
        packets = await some(track, 4)
        assert packets[0].is_keyframe
        assert is_card(packets[0])
        gaps = np.diff([packet.pts or 0 for packet in packets]) / 90_000
        assert gaps.min() > 0.15, "five a second, no more"
        assert track.camera.state is CaptureState.NONE
        assert track.camera.problem == ""
        preview = track.camera.preview()
        assert preview is not None
        assert preview.shape == (270, 320)


async def test_unplugged_it_shows_the_card_and_plugged_in_again_the_room(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", frames=60)
    camera = Camera(f"file:{path}", SIZE, 30, CARD)
    async with opened(camera) as track:
        await some(track, 5)
        camera.plugged = False
        await until(track, lambda: camera.state is CaptureState.ABSENT)
        assert "unplugged" in camera.problem
        while not is_card(await keyframe_of(track)):
            pass
        camera.plugged = True
        while is_card(await keyframe_of(track)):
            pass
        assert camera.state is CaptureState.LIVE
        assert camera.problem == ""


async def test_a_missing_device_is_a_problem_with_its_name_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    camera = Camera(f"file:{path}", SIZE, 30, CARD)
    async with opened(camera) as track:
        assert is_card((await some(track, 1))[0])
        await until(track, lambda: camera.state is CaptureState.ABSENT)
        assert "late.mp4" in camera.problem
        write_video(tmp_path / "made.mp4").rename(path)
        await until(track, lambda: camera.state is CaptureState.LIVE)


async def test_a_broken_recording_is_a_problem_too(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"this is no film" * 100)
    camera = Camera(f"file:{path}", SIZE, 30, CARD)
    async with opened(camera) as track:
        await until(track, lambda: camera.state is CaptureState.ABSENT)
        assert camera.problem


@pytest.mark.real_time
async def test_a_camera_s_own_h264_passes_unchanged(tmp_path: Path) -> None:
    path = write_video(tmp_path / "own.mp4", frames=40, gop=10)
    camera = Camera(f"file:{path}", SIZE, 30, passthrough=True)
    async with opened(camera) as track:
        packets = await some(track, 30)
        assert [read_number(luma) for luma in decoded(packets)] == list(range(30))
        assert [packet.is_keyframe for packet in packets[:11]] == [True] + [False] * 9 + [True]
        keyframe = bytes(packets[10])
        assert b"\x00\x00\x01\x67" in keyframe, "SPS before each keyframe"
        camera.preview()
        await until(track, lambda: camera.preview() is not None)


@pytest.mark.real_time
async def test_passed_through_a_late_track_need_not_wait_for_the_next_keyframe(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "own.mp4", frames=240, gop=240)
    camera = Camera(f"file:{path}", SIZE, 30, passthrough=True)
    camera.open()
    await asyncio.sleep(0.5)
    async with opened(camera) as track:
        packets = await some(track, 30)
        assert [read_number(luma) for luma in decoded(packets)] == list(range(30))
        pts = packets[0].pts or 0
        assert 0 < time.monotonic() - pts / 90_000 < 4, "not the next keyframe, 8 s later"


async def test_passed_through_it_gives_way_to_a_narrow_line(tmp_path: Path) -> None:
    path = write_video(tmp_path / "own.mp4", frames=40, gop=2, size=(1280, 720))
    camera = Camera(f"file:{path}", (1280, 720), 30, passthrough=True)
    async with opened(camera) as track:
        await some(track, 5)
        track.set_bitrate(120_000)
        # encoded by us at the ladder's size; the camera's own was larger
        async with asyncio.timeout(20):
            while True:
                packet = await keyframe_of(track)
                if decoded([packet])[0].shape != (720, 1280):
                    break


async def test_the_self_view_is_small_and_only_made_when_asked(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4", size=(640, 360))
    camera = Camera(f"file:{path}", (640, 360), 30)
    async with opened(camera) as track:
        await some(track, 5)
        assert camera.preview() is None, "nobody had asked"
        await until(track, lambda: camera.preview() is not None)
        preview = camera.preview()
        assert preview is not None
        assert preview.shape == (270, 320)
        assert preview.dtype == np.uint8
        assert read_number(preview[:180]) is not None


async def test_it_opens_and_closes_again_and_leaves_no_thread(tmp_path: Path) -> None:
    path = write_video(tmp_path / "talk.mp4")
    before = set(threading.enumerate())
    camera = Camera(f"file:{path}", SIZE, 30)
    track = LocalVideo(camera)
    for _ in range(2):
        camera.open()
        camera.open()
        assert await some(track, 3)
        started = {t.name for t in set(threading.enumerate()) - before if t.name != "asyncio_0"}
        assert started == {f"capture file:{path}", "encoder"}
        assert camera.close()
        assert camera.close()
        assert camera.state is CaptureState.CLOSED
    track.stop()
    left = set(threading.enumerate()) - before
    assert not [thread.name for thread in left if not thread.name.startswith("asyncio")]


async def test_the_test_pattern(tmp_path: Path) -> None:
    async with opened(Camera("lavfi:testsrc2=size=320x180:rate=30", SIZE, 30)) as track:
        assert len(decoded(await some(track, 10))) == 10


@pytest.mark.parametrize("text", ["webcam", "v4l2:", "none:x", "http://x", ""])
def test_a_source_that_is_none_says_what_would_be(text: str) -> None:
    with pytest.raises(SourceError, match=r"v4l2|name"):
        Camera(text)


async def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    camera = Camera(f"v4l2:{tmp_path}/video0", SIZE, 30, CARD)
    async with opened(camera) as track:
        await until(track, lambda: camera.state is CaptureState.ABSENT)
        assert "video0" in camera.problem
        packets = await some(track, 1)
        assert packets
