"""Sound whose RTP times do what they should not: it is heard, and nothing is made up for it."""

import asyncio
from collections.abc import Iterator
from typing import cast

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from appliance.media.jitter.packets import Packet
from appliance.media.receive.audio import FarAudio
from tests.fast_loop import play

SECONDS = 12
PACKETS = SECONDS * 50
LOUD = 1_000.0


def _tone(codec: str) -> list[bytes]:
    """Packets of 20 ms of a tone without end: each has a whole number of its periods."""
    name, rate = {"pcma": ("pcm_alaw", 8_000), "g722": ("g722", 16_000)}[codec]
    encoder = cast(AudioCodecContext, av.CodecContext.create(name, "w"))
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16"
    encoder.open()
    samples = (8_000 * np.sin(2 * np.pi * 400 * np.arange(rate // 50) / rate)).astype(np.int16)
    payload = b""
    for number in range(PACKETS):
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, number * len(samples)
        payload += b"".join(bytes(packet) for packet in encoder.encode(frame))
    return [payload[at : at + 160] for at in range(0, len(payload) - 159, 160)]


TONES = {codec: _tone(codec) for codec in ("pcma", "g722")}


def heard(
    sent: Iterator[tuple[float, int]], codec: str = "pcma", jump: int = 0
) -> tuple[float, FarAudio]:
    """Send packets (second, timestamp); the seconds in which the tone was heard, and the track.

    By `jump` the sequence numbers step in the middle.
    """
    loud = 0.0

    async def story() -> FarAudio:
        nonlocal loud
        loop = asyncio.get_running_loop()
        far = FarAudio(now=loop.time)

        async def listen() -> None:
            nonlocal loud
            while True:
                frame = await far.recv()
                level = float(np.sqrt(np.mean(frame.to_ndarray().astype(float) ** 2)))
                loud += 0.02 * (level > LOUD)

        listening = asyncio.create_task(listen())
        begun = loop.time()
        for number, (at, timestamp) in enumerate(sent):
            await asyncio.sleep(max(0.0, begun + at - loop.time()))
            payload = TONES[codec][number % len(TONES[codec])]
            sequence = 65_500 + number + jump * (number >= PACKETS // 2)
            one = Packet(sequence & 0xFFFF, timestamp & 0xFFFFFFFF, payload, ssrc=7)
            far.feed(one, codec.upper(), 8_000, loop.time())
        await asyncio.sleep(1.0)
        listening.cancel()
        far.stop()
        return far

    far = play(story())
    return loud, far


def steady(step: int = 160, count: int = PACKETS) -> Iterator[tuple[float, int]]:
    """As it should be."""
    for number in range(count):
        yield number * 0.02, 4_000_000_000 + number * step


@pytest.mark.case("C11")
@pytest.mark.parametrize(
    "back_s", [0.02, 0.1, 0.5, 1.0, 2.0, 3.0, 4.9, 6.0, 60.0, -0.5, -2.0, -4.9, -60.0]
)
def test_a_step_in_time_is_another_stream(back_s: float) -> None:
    def sent() -> Iterator[tuple[float, int]]:
        for number, (at, timestamp) in enumerate(steady()):
            yield at, timestamp - round(back_s * 8_000) * (number >= 300)

    loud, far = heard(sent())
    assert loud > SECONDS - 0.5
    assert far.statistics().concealed_s < 0.5


@pytest.mark.case("C11")
@pytest.mark.parametrize("steps", [3, 20])
def test_a_time_that_steps_back_again_and_again(steps: int) -> None:
    def sent() -> Iterator[tuple[float, int]]:
        for number, (at, timestamp) in enumerate(steady()):
            yield at, timestamp - 8_000 * (number * steps // PACKETS)

    loud, _ = heard(sent())
    assert loud > SECONDS - 0.3 * steps


@pytest.mark.case("C11")
@pytest.mark.parametrize("pause_s", [0.3, 1.0, 3.0, 4.5, 30.0])
@pytest.mark.parametrize("runs_on", [True, False])
def test_a_time_that_stands_over_a_pause(pause_s: float, runs_on: bool) -> None:
    def sent() -> Iterator[tuple[float, int]]:
        for number, (at, timestamp) in enumerate(steady()):
            after = number >= 300
            yield at + pause_s * after, timestamp + round(pause_s * 8_000) * (after and runs_on)

    loud, far = heard(sent())
    assert loud > SECONDS - 0.8
    # A short one looks like a network's stall at first.
    assert far.statistics().concealed_s < (1.6 if pause_s < 0.5 else 0.8)


@pytest.mark.case("C11")
@pytest.mark.parametrize("step", [-3_000, -200, -20, 200, 3_000, 20_000, 33_000])
def test_numbers_that_step_while_the_time_goes_on(step: int) -> None:
    """Or are begun anew, by a far end that keeps its SSRC."""
    loud, far = heard(steady(), jump=step)
    assert loud > SECONDS - 0.6
    assert far.statistics().concealed_s < 0.5


@pytest.mark.case("C11")
def test_a_time_that_stands_still() -> None:
    loud, _ = heard((at, 77) for at, _ in steady())
    assert loud > SECONDS * 0.8


@pytest.mark.case("C11")
def test_a_far_end_that_counts_sixteen_thousand_for_g722() -> None:
    loud, far = heard(steady(320), "g722")
    assert loud > SECONDS - 0.5
    assert far.statistics().concealed_s < 0.5
    assert far.statistics().received_s == pytest.approx(SECONDS, abs=0.6)


@pytest.mark.case("C11")
def test_the_clock_of_g722_is_learned_anew_for_another_stream() -> None:
    def sent() -> Iterator[tuple[float, int]]:
        timestamp = 0
        for number in range(PACKETS):
            timestamp += 320 if 200 <= number < 400 else 160
            yield number * 0.02, timestamp

    loud, far = heard(sent(), "g722")
    assert loud > SECONDS - 1.0
    assert far.statistics().concealed_s < 1.0


def test_g722_by_the_book() -> None:
    loud, far = heard(steady(), "g722")
    assert loud > SECONDS - 0.3
    assert far.statistics().concealed_s < 0.1
