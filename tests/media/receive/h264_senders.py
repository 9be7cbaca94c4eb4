"""H.264 as different far ends send it: one encoded stream, and what senders do with its packets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av

from appliance.media.codecs.decoders import VideoDecoder
from appliance.media.codecs.parameter_sets import ParameterSets
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.payload_formats import H264
from appliance.media.jitter.video import VideoJitterBuffer
from appliance.media.rtp.h264_payload import nal_units, packetise
from tests.media.local_tracks import HEIGHT, RATE, WIDTH, number_of, numbered

RECORDED = Path(__file__).parent / "recorded"
TICKS = 90_000 // RATE
SETS = (7, 8)


@dataclass(frozen=True)
class Coded:
    """An access unit in decoding order; `number` is the one that its picture shows."""

    data: bytes
    number: int

    @property
    def kinds(self) -> list[int]:
        return [unit[0] & 0x1F for unit in nal_units(self.data)]


@lru_cache
def encoded(
    count: int, profile: str = "Baseline", form: str = "yuv420p", **options: str
) -> tuple[Coded, ...]:
    """Numbered pictures; an IDR picture each second, unless the options say otherwise."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, form
    codec.time_base, codec.framerate = Fraction(1, RATE), Fraction(RATE, 1)
    codec.bit_rate, codec.gop_size, codec.profile = 900_000, RATE, profile
    codec.thread_count = 1
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", **options}
    packets = []
    for number in range(count):
        picture = numbered(number).reformat(format=form)
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        packets += codec.encode(picture)
    packets += codec.encode(None)
    return tuple(Coded(bytes(packet), packet.pts or 0) for packet in packets)


def numbered_packets(frames: Iterable[list[Packet]]) -> list[Packet]:
    """All of them, with new sequence numbers in this order."""
    every = [packet for frame in frames for packet in frame]
    return [
        replace(packet, sequence=number & 0xFFFF) for number, packet in enumerate(every, 65_000)
    ]


def sent(coded: Iterable[Coded], *, drop: tuple[int, ...] = ()) -> list[list[Packet]]:
    """Each access unit as packets of RFC 6184, marker on the last, without the types `drop`."""
    frames = []
    for one in coded:
        units = [unit for unit in nal_units(one.data) if unit[0] & 0x1F not in drop]
        payloads = packetise(b"".join(b"\0\0\0\1" + unit for unit in units), 1)
        time = one.number * TICKS
        frames.append(
            [Packet(0, time, payload, payload is payloads[-1], 7) for payload in payloads]
        )
    return frames


def kind(packet: Packet) -> int:
    """The NAL unit type of a packet, of the fragmented unit where it is a fragment."""
    found = packet.payload[0] & 0x1F
    return packet.payload[1] & 0x1F if found == 28 else found


def each(frames: list[list[Packet]], change: Callable[[Packet], Packet]) -> list[list[Packet]]:
    """The same frames, each packet changed."""
    return [[change(packet) for packet in frame] for frame in frames]


def recorded(name: str) -> list[Packet]:
    """The packets of a text file: sequence, timestamp, marker, payload."""
    lines = (RECORDED / f"{name}.txt").read_text().splitlines()
    found = [line.split() for line in lines if not line.startswith("#")]
    return [
        Packet(int(number), int(time), bytes.fromhex(payload), marker == "1", 7)
        for number, time, marker, payload in found
    ]


def pictures(
    packets: Iterable[Packet], sets: tuple[bytes, ...] = (), *, repairs: bool = True
) -> list[tuple[int, int]]:
    """The number that each decoded picture shows, and its date in ticks since the first packet.

    A packet comes each millisecond.
    """
    known = ParameterSets()
    known.signal(sets)
    jitter, decoder = VideoJitterBuffer(H264, known), VideoDecoder("h264")
    jitter.repairs = repairs
    found, now = [], 1000.0
    for packet in packets:
        now += 0.001
        for unit in jitter.add(packet, now):
            try:
                frames = decoder.decode(unit.data, unit.timestamp)
            except av.FFmpegError:
                decoder = VideoDecoder("h264")
                jitter.needs_keyframe(now)
                continue
            for frame in frames:
                date = -1 if frame.pts is None else frame.pts & 0xFFFFFFFF
                found.append((number_of(frame) if frame.width == WIDTH else -1, date))
    return found
