"""Sound comes out at its time, once, and a drifting or late source is put right in one step."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.tv.audio_queue import (
    BLOCK_BYTES,
    BLOCK_S,
    FRAME_BYTES,
    MAX_QUEUED_S,
    RATE,
    REST_AFTER_BLOCKS,
    REST_BLOCK_BYTES,
    TOLERANCE_S,
    AudioQueue,
)

PIECE = 0.020


def piece(level: int, seconds: float = PIECE) -> bytes:
    return np.full((round(seconds * RATE), 2), level, np.int16).tobytes()


def levels(block: bytes) -> list[int]:
    return [int(value) for value in np.frombuffer(block, np.int16)[::2]]


def test_silence_when_nothing_came() -> None:
    assert AudioQueue().take(5.0) == bytes(BLOCK_BYTES)


def test_sound_begins_on_the_sample_of_its_time() -> None:
    queue = AudioQueue()
    queue.push(piece(7), 10.004)
    assert levels(queue.take(9.99)) == [0] * 480
    assert levels(queue.take(10.0)) == [0] * 192 + [7] * 288
    assert levels(queue.take(10.01)) == [7] * 480
    assert levels(queue.take(10.02)) == [7] * 192 + [0] * 288


def test_small_unevenness_does_not_click() -> None:
    queue = AudioQueue()
    out: list[int] = []
    for index in range(20):
        queue.push(piece(index + 1), index * PIECE + (0.008 if index % 2 else -0.002))
        out += levels(queue.take(index * PIECE)) + levels(queue.take(index * PIECE + BLOCK_S))
    assert [value for value in out if value] == sorted(value for value in out if value)
    assert 0 not in out[480:-480]


def test_a_hole_is_silent_for_its_length() -> None:
    queue = AudioQueue()
    queue.push(piece(1), 0.0)
    queue.push(piece(2), 0.060)
    out = [value for head in range(8) for value in levels(queue.take(head * BLOCK_S))]
    assert out == [1] * 960 + [0] * 1920 + [2] * 960


def test_late_sound_is_shifted_then_caught_up_once_there_is_air() -> None:
    queue = AudioQueue()
    queue.take(0.95)
    queue.push(piece(1), 0.9)  # 100 ms late
    assert levels(queue.take(1.0)) == [1] * 480
    assert abs(queue.slack - 0.1) < 1e-9
    head, at = 1.01, 0.92
    for _ in range(4000):  # from now on everything comes in good time
        while queue.held < 0.08:
            queue.push(piece(2), at)
            at += PIECE
        assert len(queue.take(head)) == BLOCK_BYTES
        head += BLOCK_S
    assert queue.slack < 2 * BLOCK_S


def test_a_fast_source_loses_samples_and_a_slow_one_gains_silence() -> None:
    for drift in (1.001, 0.999):
        queue, sent, head = AudioQueue(), 0, 0.0
        silent = 0
        while head < 100.0:
            # A source whose 20 ms last 20 ms of its own clock; due times are true.
            while sent * PIECE / drift < head + 0.04:
                queue.push(piece(1), sent * PIECE / drift)
                sent += 1
            silent += levels(queue.take(head)).count(0)
            head += BLOCK_S
        assert queue.held < 0.04 + 2 * TOLERANCE_S + PIECE
        wanted = abs(drift - 1) * 100.0
        changed = queue.dropped if drift > 1 else silent / RATE
        assert abs(changed - wanted) < 0.03


@given(
    st.lists(
        st.tuples(st.floats(-0.3, 0.3), st.integers(0, 9600), st.integers(0, 4)),
        max_size=60,
    )
)
def test_any_feed_gives_whole_blocks_and_stays_bounded(feed: list[tuple[float, int, int]]) -> None:
    queue, head, pushed, sounded = AudioQueue(), 0.0, 0, 0
    for offset, count, takes in feed:
        queue.push(b"\x01\x00" * (count // 2), head + offset)
        pushed += count // FRAME_BYTES
        assert queue.held <= MAX_QUEUED_S + 1e-9
        assert 0 <= queue.slack <= MAX_QUEUED_S + 1e-9
        for _ in range(takes):
            block = queue.take(head)
            assert len(block) == BLOCK_BYTES
            sounded += levels(block).count(1)
            head += BLOCK_S
    left = round(queue.held * RATE)
    assert sounded + left + round(queue.dropped * RATE) == pushed


def test_long_silence_is_given_in_long_blocks_and_sound_keeps_its_date_afterwards() -> None:
    queue, head, blocks = AudioQueue(), 0.0, []
    for _ in range(REST_AFTER_BLOCKS + 10):
        blocks.append(queue.take(head))
        head += len(blocks[-1]) / RATE / FRAME_BYTES
    assert [len(one) for one in blocks] == [BLOCK_BYTES] * REST_AFTER_BLOCKS + [
        REST_BLOCK_BYTES
    ] * 10
    assert not any(map(any, blocks))
    queue.push(piece(1), head - 0.015)  # its beginning lies in the silence that was given
    queue.push(piece(2), head - 0.015 + PIECE)
    assert levels(queue.take(head)) == [1] * 240 + [2] * 240
    assert levels(queue.take(head + BLOCK_S)) == [2] * 480
    assert queue.slack == 0.0
    assert len(queue.take(head + 2 * BLOCK_S)) == BLOCK_BYTES


def test_silence_at_rest_ends_before_sound_that_waits_for_its_date() -> None:
    queue = AudioQueue()
    for _ in range(REST_AFTER_BLOCKS + 1):
        queue.take(0.0)
    queue.push(piece(1), 10.025)
    out = [level for block in range(4) for level in levels(queue.take(10.0 + block * BLOCK_S))]
    assert out == [0] * 1200 + [1] * 720
