"""The picture's jitter buffer: every frame once, in order, whole, and healed in time."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.jitter.packets import Packet
from appliance.media.jitter.payload_formats import H264
from appliance.media.jitter.video import (
    HEAL_TIMEOUT_S,
    MAX_HELD,
    MIN_KEYFRAME_INTERVAL_S,
    VideoJitterBuffer,
)
from tests.media.jitter.lossy_stream import Net, coded, stream

START = 1000.0


def numbers(units: list[bytes]) -> list[int]:
    """The numbers of the frames in access units."""
    return [int.from_bytes(unit[-5:-1]) for unit in units]


def test_a_frame_leaves_with_its_marker() -> None:
    jitter = VideoJitterBuffer(H264)
    key, delta = stream(2)
    out = [[unit.data for unit in jitter.add(packet, START)] for packet in key + delta]
    assert out[: len(key) - 1] == [[]] * (len(key) - 1)
    assert out[len(key) - 1] == [coded(key)]
    assert out[-1] == [coded(delta)]
    assert jitter.complete


@pytest.mark.parametrize("first", [0, 65533, 65530, 40])
def test_sequence_numbers_wrap(first: int) -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(40, first=first)
    units = [u.data for frame in frames for p in frame for u in jitter.add(p, START)]
    assert units == [coded(frame) for frame in frames]


def test_timestamps_wrap() -> None:
    jitter = VideoJitterBuffer(H264)
    times = []
    for frame in stream(20):
        for packet in frame:
            shifted = replace(packet, timestamp=(packet.timestamp - 9000) & 0xFFFFFFFF)
            times += [unit.timestamp for unit in jitter.add(shifted, START)]
    assert [b - a for a, b in itertools.pairwise(times)] == [3000] * 19


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    first=st.integers(0, 65535),
    twice=st.floats(0, 0.5),
    window=st.integers(1, 20),
)
def test_any_order_and_any_repetition_gives_each_frame_once_and_in_order(
    seed: int, first: int, twice: float, window: int
) -> None:
    chance = random.Random(seed)
    frames = stream(30, first=first)
    packets = [packet for frame in frames for packet in frame]
    places = [(index + chance.uniform(0, window), index) for index in range(len(packets))]
    places += [
        (index + chance.uniform(0, window), index)
        for index in range(len(packets))
        if chance.random() < twice
    ]
    jitter = VideoJitterBuffer(H264)
    units = [unit.data for _, index in sorted(places) for unit in jitter.add(packets[index], START)]
    assert units == [coded(frame) for frame in frames]
    assert jitter.lost == 0


def test_a_late_packet_holds_back_what_follows_and_nothing_is_lost() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(5)
    late = frames[1].pop(1)
    held = [u for frame in frames for p in frame for u in jitter.add(p, START)]
    assert [unit.data for unit in held] == [coded(frames[0])]
    assert jitter.nacks(START) == [late.sequence]
    healed = jitter.add(late, START + 0.05)
    assert numbers([unit.data for unit in healed]) == [1, 2, 3, 4]


@pytest.mark.parametrize("trip_s", [0.002, 0.02, 0.1, 0.3])
def test_one_lost_packet_heals_within_a_round_trip(trip_s: float) -> None:
    jitter = VideoJitterBuffer(H264)
    jitter.missing.round_trip_s = trip_s
    net = Net(jitter, trip_s=trip_s)
    frames = stream(30)
    for number, frame in enumerate(frames):
        for index, packet in enumerate(frame):
            net.send(packet, START + number / 30, lost=(number, index) == (12, 2))
    net.run(START + 3)
    assert [unit.data for _, unit in net.units] == [coded(frame) for frame in frames]
    assert jitter.recovered == 1
    at = {numbers([unit.data])[0]: at for at, unit in net.units}
    assert at[12] - (START + 12 / 30 + trip_s / 2) <= HEAL_TIMEOUT_S + trip_s
    assert not net.keyframe_requests


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("loss", [0.01, 0.05])
def test_random_loss_heals_and_no_frame_is_missing(loss: float, seed: int) -> None:
    jitter = VideoJitterBuffer(H264)
    net = Net(jitter, loss=loss, trip_s=0.04, seed=seed)
    frames = stream(300)
    for number, frame in enumerate(frames):
        for packet in frame:
            net.send(packet, START + number / 30, lost=False if number == 0 else None)
    net.run(START + 12)
    got = numbers([unit.data for _, unit in net.units])
    assert got == list(range(got[-1] + 1))
    assert got[-1] >= 298  # nothing after the last packet says that it is missing
    late = [
        at - (START + number / 30 + 0.02) for (at, _), number in zip(net.units, got, strict=True)
    ]
    # Each try is lost with the packet's own probability, both ways.
    assert sorted(late)[int(len(late) * 0.9)] <= HEAL_TIMEOUT_S + 0.04


def test_a_burst_brings_a_keyframe_request_at_once_and_the_picture_resumes_with_it() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(60, keys=(0, 40))
    units = [u.data for frame in frames[:10] for p in frame for u in jitter.add(p, START)]
    # Twenty frames are gone: more than repeating is worth.
    after = [u.data for frame in frames[30:40] for p in frame for u in jitter.add(p, START)]
    assert after == []
    assert jitter.nacks(START) == []
    assert jitter.wants_keyframe(START)
    units += [u.data for frame in frames[40:] for p in frame for u in jitter.add(p, START)]
    assert numbers(units) == [*range(10), *range(40, 60)]
    assert jitter.lost == 20 * 4
    assert jitter.complete


def test_a_hole_that_does_not_heal_asks_for_a_keyframe_after_a_short_while() -> None:
    jitter = VideoJitterBuffer(H264)
    jitter.missing.round_trip_s = 0.05
    frames = stream(4)
    frames[1].pop(0)
    for frame in frames:
        for packet in frame:
            jitter.add(packet, START)
    assert not jitter.wants_keyframe(START + HEAL_TIMEOUT_S)
    assert jitter.wants_keyframe(START + HEAL_TIMEOUT_S + 0.051)
    assert not jitter.wants_keyframe(START + HEAL_TIMEOUT_S + 0.051 + MIN_KEYFRAME_INTERVAL_S / 2)
    assert jitter.wants_keyframe(START + HEAL_TIMEOUT_S + 0.052 + MIN_KEYFRAME_INTERVAL_S)


def test_a_stream_joined_in_the_middle_asks_for_a_keyframe_and_shows_nothing_before_it() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(20, keys=(8,))
    units = []
    asked = 0
    for number, frame in enumerate(frames):
        for packet in frame:
            units += [unit.data for unit in jitter.add(packet, START + number / 30)]
            asked += jitter.wants_keyframe(START + number / 30)
    assert numbers(units) == list(range(8, 20))
    assert asked == 1


def test_another_stream_begins_cleanly() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(5)
    units = [u.data for frame in frames for p in frame for u in jitter.add(p, START)]
    jitter.add(replace(stream(2)[1][1], sequence=300), START)
    other = stream(5, first=9000)
    for frame in other:
        for packet in frame:
            moved = replace(packet, ssrc=8, timestamp=(packet.timestamp + 2**31) & 0xFFFFFFFF)
            units += [unit.data for unit in jitter.add(moved, START)]
    assert units == [coded(frame) for frame in frames] + [coded(frame) for frame in other]
    assert jitter.streams == 1
    assert jitter.complete


def test_a_jump_in_numbers_is_another_stream() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(3) + stream(3, first=30_000)
    units = [u.data for frame in frames for p in frame for u in jitter.add(p, START)]
    assert units == [coded(frame) for frame in frames]


def test_what_is_held_has_a_bound() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(600)
    frames[1].pop(0)
    most = 0
    for frame in frames:
        for packet in frame:
            jitter.add(packet, START)
            most = max(most, len(jitter._held))
    assert most <= MAX_HELD + 1
    assert jitter.wants_keyframe(START)


def test_padding_is_no_frame() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(4)
    last = frames[1][-1]
    padding = Packet(last.sequence + 1, last.timestamp, b"", ssrc=7)
    shifted = stream(4, first=101)[2:]
    units = [
        unit.data
        for frame in [frames[0], frames[1], [padding], *shifted]
        for packet in frame
        for unit in jitter.add(packet, START)
    ]
    assert numbers(units) == [0, 1, 2, 3]


def test_a_broken_payload_waits_for_a_keyframe() -> None:
    jitter = VideoJitterBuffer(H264)
    frames = stream(12, keys=(0, 8))
    frames[3][1] = replace(frames[3][1], payload=b"\x78\x00\x09\x41")  # cut off
    units = [u.data for frame in frames for p in frame for u in jitter.add(p, START)]
    assert numbers(units) == [0, 1, 2, 8, 9, 10, 11]


def test_reordering_teaches_patience() -> None:
    jitter = VideoJitterBuffer(H264)
    jitter.missing.round_trip_s = 0.1
    now = START
    asked = 0
    for frame in stream(120):
        now += 1 / 30
        order = frame if frame[0].payload[0] == 0x67 else [frame[1], frame[0], *frame[2:]]
        for packet in order:
            now += 0.001
            jitter.add(packet, now)
            asked += len(jitter.nacks(now))
    assert asked <= 2


def test_where_nothing_is_repeated_a_keyframe_is_asked_for_sooner() -> None:
    asked = {}
    for repairs in (True, False):
        jitter = VideoJitterBuffer(H264)
        jitter.repairs = repairs
        net = Net(jitter)
        for number, packets in enumerate(stream(60)):
            for packet in packets:
                net.send(packet, net.now + number / 30, lost=number == 20 and packet == packets[1])
        net.run(net.now + 1.0)
        asked[repairs] = net.keyframe_requests
    assert not asked[True]
    assert asked[False]
    assert 0.05 < asked[False][0] - (1000.0 + 20 / 30 + 0.025) < 0.11
