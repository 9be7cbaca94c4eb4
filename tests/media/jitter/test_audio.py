"""The sound's jitter buffer, made-up sound and splices."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.jitter.audio import MAX_BUFFER_S, AudioJitterBuffer, Loss, Silence, Sound
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.waveform import (
    FADE_S,
    RATE,
    Concealer,
    Pcm,
    lengthen,
    loudness,
    period,
    shorten,
)


def packet(number: int, first: int = 0, ssrc: int = 7) -> Packet:
    """The twenty milliseconds with `number`."""
    return Packet(
        sequence=(first + number) & 0xFFFF,
        timestamp=(first * 960 + number * 960) & 0xFFFFFFFF,
        payload=number.to_bytes(4),
        ssrc=ssrc,
    )


def played(jitter: AudioJitterBuffer) -> list[int | str]:
    """What can be taken: numbers of packets, and missing and silences with their packets."""
    out: list[int | str] = []
    while (item := jitter.take()) is not None:
        if isinstance(item, Sound):
            out.append(int.from_bytes(item.payload))
            jitter.played(960)
        else:
            out.append(f"{'hole' if isinstance(item, Loss) else 'silence'} {item.length // 960}")
    return out


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), first=st.integers(0, 65535), window=st.integers(1, 6))
def test_any_order_is_played_in_order(seed: int, first: int, window: int) -> None:
    chance = random.Random(seed)
    places = sorted((number + chance.uniform(0, window), number) for number in range(20))
    jitter = AudioJitterBuffer(RATE)
    for _, number in places:
        jitter.add(packet(number, first))
        if chance.random() < 0.3:
            jitter.add(packet(number, first))
    assert played(jitter) == list(range(20))
    assert jitter.lost == 0


def test_a_lost_packet_is_a_hole_and_one_not_sent_is_silence() -> None:
    jitter = AudioJitterBuffer(RATE)
    for number in (0, 1, 3, 4):
        jitter.add(packet(number))
    jitter.add(Packet(sequence=5, timestamp=7 * 960, payload=b"\0\0\0\5", ssrc=7))
    assert played(jitter) == [0, 1, "hole 1", 3, 4, "silence 2", 5]
    assert jitter.lost == 1


def test_what_comes_after_its_turn_is_dropped() -> None:
    jitter = AudioJitterBuffer(RATE)
    for number in (0, 2):
        jitter.add(packet(number))
    assert played(jitter) == [0, "hole 1", 2]
    jitter.add(packet(1))
    assert played(jitter) == []
    assert jitter.late == 1


def test_unread_sound_does_not_grow() -> None:
    jitter = AudioJitterBuffer(RATE)
    for number in range(5000):
        jitter.add(packet(number))
        assert len(jitter) <= MAX_BUFFER_S * 50 + 1
    assert played(jitter)[-1] == 4999


def test_another_stream_begins_cleanly() -> None:
    jitter = AudioJitterBuffer(RATE)
    jitter.add(packet(0))
    assert played(jitter) == [0]
    for number in range(3):
        jitter.add(packet(number, first=40_000, ssrc=8))
    assert played(jitter) == [0, 1, 2]
    assert jitter.streams == 1


def test_after_a_pause_the_next_packet_begins_anew() -> None:
    jitter = AudioJitterBuffer(RATE)
    jitter.add(packet(0))
    assert played(jitter) == [0]
    jitter.pause()
    jitter.add(packet(200))
    assert played(jitter) == [200]
    assert jitter.lost == 0


def tone(samples: int, hertz: float, start: int = 0) -> Pcm:
    at = (start + np.arange(samples)) / RATE
    wave = (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
    return np.repeat(wave[:, None], 2, axis=1)


def steepest(pcm: Pcm) -> int:
    """The largest step from one sample to the next."""
    return int(np.max(np.abs(np.diff(pcm[:, 0].astype(np.int32)))))


@pytest.mark.parametrize("hertz", [90.0, 133.0, 220.0, 399.0, 1000.0])
def test_made_up_sound_joins_without_a_click_and_fades(hertz: float) -> None:
    concealer = Concealer()
    before = concealer.received(tone(4800, hertz))
    made_up = concealer.conceal(1920)
    after = concealer.received(tone(1920, hertz, start=4800 + 1920))
    whole = np.concatenate((before, made_up, after))
    assert steepest(whole) <= 1.6 * steepest(before) + 50
    assert loudness(made_up[:480]) > 0.8 * loudness(before)
    rest = concealer.conceal(int(FADE_S * RATE) + 960)
    assert loudness(rest[-960:]) < 30
    assert not np.any(np.abs(made_up) > 9000)


def test_noise_is_made_up_without_a_click() -> None:
    noise = np.random.default_rng(1).normal(0, 500, (4800, 2)).cumsum(axis=0)
    wave = np.clip(noise, -20000, 20000).astype(np.int16)
    concealer = Concealer()
    before = concealer.received(wave)
    made_up = concealer.conceal(960)
    assert abs(int(made_up[0, 0]) - int(before[-1, 0])) <= 3 * steepest(before)


@pytest.mark.parametrize("hertz", [100.0, 150.0, 250.0, 380.0])
def test_splices_take_or_give_one_period_and_do_not_click(hertz: float) -> None:
    pcm = tone(960, hertz)
    less, more = shorten(pcm), lengthen(pcm)
    assert 0 < len(pcm) - len(less) <= RATE // 80
    assert 0 < len(more) - len(pcm) <= RATE // 80
    for changed in (less, more):
        assert steepest(changed) <= 1.6 * steepest(pcm) + 50
        # It begins as it did and ends as it did: what is on either side still joins.
        assert np.array_equal(changed[:120], pcm[:120])
        assert abs(int(changed[-1, 0]) - int(pcm[-1, 0])) < 900


def test_the_period_of_a_voice() -> None:
    at = np.arange(4800) / RATE
    voice = np.sum([np.sin(2 * np.pi * 125 * k * at) / k for k in range(1, 8)], axis=0)
    pcm = np.repeat((4000 * voice).astype(np.int16)[:, None], 2, axis=1)
    assert abs(period(pcm) - RATE / 125) <= 12


def test_silence_can_be_spliced_too() -> None:
    nothing = np.zeros((960, 2), np.int16)
    assert len(shorten(nothing)) < 960 < len(lengthen(nothing))
    assert loudness(shorten(nothing)) == 0.0
    assert isinstance(Silence(3), Silence)
