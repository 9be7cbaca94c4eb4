"""Far ends that no jitter buffer helps: what they send costs neither memory nor time."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.media.jitter.audio import MAX_PACKETS, AudioJitterBuffer, Sound
from appliance.media.jitter.h264_payload import Contents
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.payload_formats import H264, VP8
from appliance.media.jitter.video import MAX_HELD, MAX_SEQUENCE_STEP, VideoJitterBuffer
from tests.media.jitter.lossy_stream import coded, picture

START = 1000.0


def test_a_picture_that_never_ends_is_given_up() -> None:
    jitter = VideoJitterBuffer(H264)
    for number in range(5 * MAX_HELD):
        packet = Packet(number & 0xFFFF, 0, b"\x65slice", ssrc=1)
        assert jitter.add(packet, START) == []
        assert len(jitter._held) <= MAX_HELD
        assert len(jitter._frame.parts) <= MAX_HELD + 1
    key = picture(9, key=True, first=5 * MAX_HELD)
    out = [unit for one in key for unit in jitter.add(replace(one, ssrc=1), START)]
    assert [unit.data for unit in out] == [coded(key)]


@pytest.mark.slow
def test_leaps_in_the_numbers_leave_no_mountain_of_holes() -> None:
    jitter = VideoJitterBuffer(H264)
    for number in range(200):
        jitter.add(Packet(number * 2000 & 0xFFFF, number, b"\x41x", True, 1), START)
        assert len(jitter.missing) <= MAX_HELD + MAX_SEQUENCE_STEP
    key = picture(9, key=True, first=199 * 2000 + 1 & 0xFFFF)
    out = [unit for one in key for unit in jitter.add(replace(one, ssrc=1), START)]
    assert [unit.data for unit in out] == [coded(key)]


class _Counting(dict[int, tuple[Packet, int, Contents]]):
    looks = 0

    def get(self, key: int, default: object = None) -> Any:
        self.looks += 1
        return super().get(key, default)


def test_keyframes_without_an_end_cost_what_is_held_and_not_its_square() -> None:
    # Found by the fuzzer: 33 ms for each packet of such a stream stopped the whole call.
    jitter = VideoJitterBuffer(H264)
    jitter.add(Packet(0, 0, b"\x67set", ssrc=1), START)
    held = jitter._held = _Counting(jitter._held)
    for number in range(2, MAX_HELD):
        held.looks = 0
        jitter.add(Packet(number, 5, b"\x67set", ssrc=1), START)
        assert held.looks <= 2 * MAX_HELD


def test_a_payload_without_content_is_no_picture() -> None:
    jitter = VideoJitterBuffer(VP8)
    assert jitter.add(Packet(1, 0, b"\x10", True, 1), START) == []
    assert jitter.add(Packet(2, 3000, b"\x10", True, 1), START + 1) == []


def test_sound_that_is_older_than_all_that_may_wait() -> None:
    # Found by the fuzzer: after a pause the only packet held was one from before it.
    jitter = AudioJitterBuffer(8000)
    jitter.add(Packet(10, 80_000, b"x"))
    assert isinstance(jitter.take(), Sound)
    jitter.pause()
    jitter.add(Packet(5, 76_000, b"x"))
    assert len(jitter) == 0
    jitter.add(Packet(11, 80_160, b"y"))
    assert jitter.take() == Sound(b"y", jitter.running(80_160))


def test_sound_whose_time_stands_still_does_not_pile_up() -> None:
    jitter = AudioJitterBuffer(8000)
    for number in range(10 * MAX_PACKETS):
        jitter.add(Packet(number, 0, b"x"))
        assert len(jitter) <= MAX_PACKETS
