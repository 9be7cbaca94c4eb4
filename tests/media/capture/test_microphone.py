"""The microphone: off means off, twenty milliseconds each twenty milliseconds, unplugging."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.codecs.opus import OpusEncoder as Packetizer
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet
from av.stream import Stream

from appliance.media.capture.device import CaptureState
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.microphone import MAX_BLOCKS, Microphone
from appliance.media.codecs.opus import OpusEncoder
from tests.media.capture.recordings import heard, loudest_hertz, write_tone

TONE = "lavfi:sine=frequency=440:sample_rate=48000"


@asynccontextmanager
async def opened(source: str, channels: int = 1) -> AsyncIterator[Microphone]:
    microphone = Microphone(source, channels)
    microphone.open()
    try:
        yield microphone
    finally:
        assert await asyncio.to_thread(microphone.close)


async def some(track: LocalAudio, count: int) -> list[Packet[Stream]]:
    packets = []
    async with asyncio.timeout(20):
        for _ in range(count):
            packet = await track.recv()
            assert isinstance(packet, Packet)
            packets.append(packet)
    return packets


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not met():
            await asyncio.sleep(0.02)


async def test_the_room_is_heard_when_the_microphone_is_on(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "tone.wav", seconds=0.5)
    async with opened(f"file:{path}") as microphone:
        microphone.live = True
        track = LocalAudio(microphone)
        packets = await some(track, 75)
        samples = heard(packets)
        assert samples.size == 75 * 960
        assert loudest_hertz(samples[-48_000:]) == pytest.approx(440, abs=5)
        times = [packet.pts or 0 for packet in packets]
        assert np.diff(times).min() == 960
        assert all(step % 960 == 0 for step in np.diff(times))
        assert packets[0].time_base.denominator == 48_000
        assert -12 < microphone.level() < -6
        track.stop()


async def test_off_means_that_no_sample_of_the_device_goes_out() -> None:
    async with opened(TONE) as microphone:
        pcm = LocalAudio(microphone, "pcm")
        await until(lambda: microphone.level() > -40)
        for live in (False, True, False):
            microphone.live = live
            async with asyncio.timeout(20):
                frames = [await pcm.recv() for _ in range(25)]
            sums = [
                int(np.abs(f.to_ndarray()).sum()) for f in frames if isinstance(f, av.AudioFrame)
            ]
            assert len(sums) == 25
            # from the very first block after the switch, with blocks waiting in the ring
            assert any(sums) is live
        assert microphone.level() > -40, "the meter shows that somebody speaks unheard"
        pcm.stop()


async def test_switching_at_any_moment_never_leaks() -> None:
    async with opened(TONE) as microphone:
        pcm = LocalAudio(microphone, "pcm")
        for turn in range(40):
            microphone.live = turn % 3 == 0
            async with asyncio.timeout(5):
                frame = await pcm.recv()
            assert isinstance(frame, av.AudioFrame)
            if not microphone.live:
                assert not frame.to_ndarray().any()
        pcm.stop()


def test_a_voice_after_a_long_silence_is_whole() -> None:
    encoder = OpusEncoder()
    silence = bytes(1920)
    times = np.arange(960 * 50) / 48_000
    tone = (np.sin(2 * np.pi * 300 * times) * 8000).astype(np.int16).tobytes()
    blocks = [tone[i : i + 1920] for i in range(0, len(tone), 1920)]
    train = [*blocks, *[silence] * 100, *blocks]
    samples = heard([encoder.encode(block, n * 960) for n, block in enumerate(train)])
    quiet = samples[960 * 80 : 960 * 149]
    assert np.abs(quiet).max() < 0.002
    voice = samples[960 * 160 : 960 * 199]
    assert loudest_hertz(voice) == pytest.approx(300, abs=5)
    assert 0.1 < np.sqrt(np.mean(voice**2)) < 0.25


async def test_no_microphone_is_silence_and_no_problem() -> None:
    async with opened("none") as microphone:
        track = LocalAudio(microphone)
        track.live = True
        samples = heard(await some(track, 40))
        assert np.abs(samples).max() < 0.001
        assert microphone.problem == ""
        assert microphone.state is CaptureState.NONE
        assert microphone.level() == -100
        track.stop()


async def test_unplugged_it_is_silent_and_comes_back() -> None:
    async with opened(TONE) as microphone:
        microphone.live = True
        await until(lambda: microphone.state is CaptureState.LIVE)
        microphone.plugged = False
        await until(lambda: microphone.state is CaptureState.ABSENT)
        assert "unplugged" in microphone.problem
        track = LocalAudio(microphone, "pcm")
        async with asyncio.timeout(10):
            for _ in range(MAX_BLOCKS + 2):
                frame = await track.recv()
        assert isinstance(frame, av.AudioFrame)
        assert not frame.to_ndarray().any()
        microphone.plugged = True
        await until(lambda: microphone.state is CaptureState.LIVE)
        assert microphone.problem == ""
        track.stop()


async def test_a_stall_of_the_loop_makes_no_burst() -> None:
    async with opened(TONE) as microphone:
        microphone.live = True
        track = LocalAudio(microphone)
        await some(track, 10)
        before = (await some(track, 1))[0].pts or 0
        await asyncio.sleep(0.6)
        after = await some(track, 10)
        times = [packet.pts or 0 for packet in after]
        assert times[0] - before >= 0.5 * 48_000, "what was missed is left out"
        assert (times[0] - before) % 960 == 0
        assert times[0] / 48_000 - before / 48_000 < 2
        track.stop()


async def test_stereo_and_two_tracks() -> None:
    async with opened("lavfi:sine=880", channels=2) as microphone:
        microphone.live = True
        one, two = LocalAudio(microphone, "pcm"), LocalAudio(microphone, "pcm")

        async def last(track: LocalAudio) -> av.AudioFrame:
            async with asyncio.timeout(10):
                for _ in range(15):
                    frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            return frame

        for frame in await asyncio.gather(last(one), last(two)):
            assert frame.layout.name == "stereo"
            assert frame.samples == 960
            assert frame.sample_rate == 48_000
            assert frame.to_ndarray().shape == (1, 1920)
            assert frame.to_ndarray().any()
        one.stop()
        two.stop()


async def test_aiortc_packs_our_packets_and_stop_ends_the_track() -> None:
    async with opened("none") as microphone:
        track = LocalAudio(microphone)
        packet = (await some(track, 1))[0]
        assert Packetizer().pack(packet) == ([bytes(packet)], packet.pts)
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()
        with pytest.raises(ValueError, match="g722"):
            LocalAudio(microphone, "g722")


def test_a_lagging_reader_loses_the_oldest() -> None:
    microphone = Microphone("none")
    microphone.live = True
    for number in range(30):
        microphone._deliver(bytes([number, 0]))
    block, cursor = microphone.take(0, behind=5)
    assert block == bytes([28, 0])
    assert cursor == 29
    assert microphone.take(cursor, behind=5) == (bytes([29, 0]), 30)
    assert microphone.take(30, behind=5) == (None, 30)


def test_the_loudest_since_it_was_asked_last() -> None:
    microphone = Microphone("none")
    assert microphone.loudest() is None
    for amplitude in (0, 3277, 33):
        microphone._deliver(np.full(960, amplitude, "<i2").tobytes())
    assert microphone.loudest() == pytest.approx(-20.0, abs=0.01)
    assert microphone.loudest() is None
    microphone._deliver(bytes(1920))
    assert microphone.loudest() == -100.0
