"""Far tracks fed by hand: every codec, another stream, what is broken, statistics, ends."""

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import MediaStreamError

from appliance.media.jitter.packets import Packet
from appliance.media.jitter.waveform import RATE
from appliance.media.receive.audio import FarAudio
from appliance.media.receive.video import FarVideo
from tests.media.local_tracks import number_of, numbered, tone_packets, video_encoder

SECOND = 5.0


class Asked:
    """Remembers what a track asks of its far end."""

    def __init__(self) -> None:
        self.keyframes = 0
        self.sequences: list[int] = []

    def nack(self, ssrc: int, sequences: list[int]) -> None:
        self.sequences += sequences

    def keyframe(self, ssrc: int) -> None:
        self.keyframes += 1


def coded_h264(count: int, first: int = 0) -> list[list[bytes]]:
    """The RTP payloads of `count` numbered pictures, a keyframe first."""
    encoder, packer = video_encoder(), H264Encoder()
    frames = []
    for number in range(first, first + count):
        picture = numbered(number)
        picture.pts, picture.time_base = number, Fraction(1, 30)
        (packet,) = encoder.encode(picture)
        packet.pts, packet.time_base = number * 3000, Fraction(1, 90000)
        frames.append(packer.pack(packet)[0])
    return frames


def rtp(frames: list[list[bytes]], *, ssrc: int = 7, first: int = 0) -> list[Packet]:
    packets: list[Packet] = []
    for number, payloads in enumerate(frames):
        for index, payload in enumerate(payloads):
            packets.append(
                Packet(
                    (first + len(packets)) & 0xFFFF,
                    number * 3000,
                    payload,
                    index == len(payloads) - 1,
                    ssrc,
                )
            )
    return packets


async def show(far: FarVideo, packets: list[Packet], count: int, codec: str = "H264") -> list[int]:
    """Feed packets slowly enough for three waiting frames; the numbers of `count` pictures."""
    seen: list[int] = []

    async def read() -> None:
        while len(seen) < count:
            seen.append(number_of(await far.recv()))

    reading = asyncio.create_task(read())
    async with asyncio.timeout(SECOND * 4):
        for packet in packets:
            far.feed(packet, codec, 90000, time.monotonic())
            if packet.marker:
                await asyncio.sleep(0.005)
        await reading
    return seen


@pytest.mark.real_time
async def test_another_ssrc_goes_on_in_the_same_track() -> None:
    far = FarVideo()
    assert await show(far, rtp(coded_h264(10)), 10) == list(range(10))
    other = rtp(coded_h264(10, first=50), ssrc=9, first=40_000)
    assert await show(far, other, 10) == list(range(50, 60))
    assert far.statistics().frames == 20
    far.stop()


@pytest.mark.real_time
async def test_another_ssrc_while_a_picture_is_being_decoded() -> None:
    far = FarVideo()
    for packet in rtp(coded_h264(1)):
        far.feed(packet, "H264", 90000, time.monotonic())
    await asyncio.sleep(0)  # the decoder has it, and nobody can have taken it yet
    other = rtp(coded_h264(5, first=50), ssrc=9, first=40_000)
    assert not other[0].marker
    far.feed(other[0], "H264", 90000, time.monotonic())
    await asyncio.sleep(0.2)
    assert await show(far, other[1:], 5) == list(range(50, 55))
    far.stop()


@pytest.mark.real_time
async def test_vp8_and_a_change_of_codec() -> None:
    encoder = Vp8Encoder()
    frames = []
    for number in range(6):
        picture = numbered(number)
        picture.pts, picture.time_base = number * 3000, Fraction(1, 90000)
        frames.append(encoder.encode(picture, number == 0)[0])
    far = FarVideo()
    assert await show(far, rtp(frames), 6, "VP8") == list(range(6))
    assert await show(far, rtp(coded_h264(5, first=20), first=5000), 5) == list(range(20, 25))
    assert far.statistics().codec == "H264"
    far.stop()


async def test_what_cannot_be_decoded_asks_for_a_keyframe_and_recovers() -> None:
    asked = Asked()
    far = FarVideo(feedback=asked)
    frames = coded_h264(6)
    broken = [bytes([payload[0]]) + bytes(20) for payload in frames[0]]
    broken[0] = b"\x67" + bytes(20)
    good = coded_h264(5, first=30)
    packets = rtp([broken, *frames[1:], *good])
    assert (await show(far, packets, 1))[-1] >= 30
    assert asked.keyframes >= 1
    far.stop()


async def test_a_hole_is_asked_for_without_any_further_packet() -> None:
    asked = Asked()
    far = FarVideo(feedback=asked)
    packets = rtp(coded_h264(4))
    missing = packets.pop(-2)
    for packet in packets:
        far.feed(packet, "H264", 90000, time.monotonic())
    async with asyncio.timeout(SECOND):
        while asked.sequences.count(missing.sequence) < 3 or not asked.keyframes:
            await asyncio.sleep(0.01)
    far.stop()


async def test_unknown_codecs_are_left_alone() -> None:
    far, sound = FarVideo(), FarAudio()
    for packet in rtp(coded_h264(1)):
        far.feed(packet, "AV1", 90000, time.monotonic())
        sound.feed(packet, "telephone-event", 8000, time.monotonic())
    assert far.statistics().frames == 0
    assert sound.statistics().received_s == 0.0
    far.stop()
    sound.stop()


def coded_sound(name: str, rate: int, count: int) -> list[bytes]:
    """`count` packets of 20 ms of a tone."""
    codec = av.CodecContext.create(name, "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = rate, "mono", "s16"
    codec.time_base = Fraction(1, rate)
    samples = rate // 50
    packets: list[bytes] = []
    for index in range(count):
        at = np.arange(index * samples, (index + 1) * samples) / rate
        wave = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, index * samples
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


@pytest.mark.parametrize(
    ("codec", "name", "rate"),
    [("G722", "g722", 16000), ("PCMA", "pcm_alaw", 8000), ("PCMU", "pcm_mulaw", 8000)],
)
async def test_sound_of_the_telephone_becomes_48_khz_stereo(
    codec: str, name: str, rate: int
) -> None:
    far = FarAudio()
    for number, payload in enumerate(coded_sound(name, rate, 15)):
        far.feed(Packet(number, number * 160, payload, ssrc=3), codec, 8000, time.monotonic())
    async with asyncio.timeout(SECOND):
        frames = [await far.recv() for _ in range(12)]
    pcm = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
    assert {(frame.samples, frame.sample_rate) for frame in frames} == {(960, RATE)}
    spectrum = np.abs(np.fft.rfft(pcm[2400:9600, 0].astype(float) * np.hanning(7200)))
    assert abs(int(np.argmax(spectrum)) * RATE / 7200 - 440) < 15
    assert far.statistics().concealed_s == 0.0
    far.stop()


async def test_a_far_end_that_falls_silent_gives_no_frames_until_it_speaks_again() -> None:
    far = FarAudio()
    packets = tone_packets()
    for number in range(5):
        packet = Packet(number, number * 960, packets[number], ssrc=3)
        far.feed(packet, "opus", RATE, time.monotonic())
    given = 0
    async with asyncio.timeout(SECOND):
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await far.recv()
            except TimeoutError:
                break
            given += 1
    assert 5 <= given <= 5 + 11  # what came, and a short fade
    assert far.statistics().concealed_s == 0.0  # silence is not loss
    far.feed(Packet(5, 900_000, packets[5], ssrc=3), "opus", RATE, time.monotonic())
    async with asyncio.timeout(SECOND):
        frame = await far.recv()
    assert frame.samples == 960
    far.stop()


async def test_recv_ends_when_the_track_is_stopped() -> None:
    for far in (FarVideo(), FarAudio()):
        reading = asyncio.create_task(far.recv())
        await asyncio.sleep(0)
        far.stop()
        async with asyncio.timeout(SECOND):
            with pytest.raises(MediaStreamError):
                await reading
            with pytest.raises(MediaStreamError):
                await far.recv()
