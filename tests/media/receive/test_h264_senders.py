"""Every picture is shown, whatever a sender of H.264 does with markers, times and sets."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.media.codecs.parameter_sets import ParameterSets
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.video import MAX_KEYLESS_S
from appliance.media.receive.video import FarVideo
from appliance.media.rtp.h264_payload import nal_units
from tests.media.local_tracks import RATE, number_of
from tests.media.receive.h264_senders import (
    SETS,
    TICKS,
    Coded,
    each,
    encoded,
    kind,
    numbered_packets,
    pictures,
    recorded,
    sent,
)

COUNT = 90
Frames = list[list[Packet]]
ALL = [(number, number * TICKS) for number in range(COUNT)]


def _mark(*kinds: int) -> Callable[[Frames], Frames]:
    return lambda frames: each(frames, lambda p: replace(p, marker=p.marker or kind(p) in kinds))


def _time_of(shift: int, *kinds: int) -> Callable[[Frames], Frames]:
    return lambda frames: each(
        frames, lambda p: replace(p, timestamp=(p.timestamp + shift * (kind(p) in kinds)) % 2**32)
    )


def _aggregated(marker: bool, shift: int) -> Callable[[Frames], Frames]:
    """Both sets in one STAP-A."""

    def change(frames: Frames) -> Frames:
        out = []
        for frame in frames:
            sets = [p for p in frame if kind(p) in SETS]
            rest = [p for p in frame if kind(p) not in SETS]
            if sets:
                body = b"".join(len(p.payload).to_bytes(2) + p.payload for p in sets)
                time = (sets[0].timestamp + shift) % 2**32
                rest.insert(0, Packet(0, time, b"\x78" + body, marker, 7))
            out.append(rest)
        return out

    return change


def _with(payload: bytes, *, at: int, marker: bool = False) -> Callable[[Frames], Frames]:
    """One more packet in each frame; behind its last one it takes the marker, if it has it."""

    def change(frames: Frames) -> Frames:
        out = []
        for frame in frames:
            one = list(frame)
            place = at % (len(one) + 1)
            if place == len(one) and marker:
                one[-1] = replace(one[-1], marker=False)
            one.insert(place, Packet(0, one[0].timestamp, payload, marker, 7))
            out.append(one)
        return out

    return change


def _payload(change: Callable[[bytes], bytes]) -> Callable[[Frames], Frames]:
    """Each packet with a single unit changed."""
    return lambda frames: each(
        frames,
        lambda p: replace(p, payload=change(p.payload)) if p.payload[0] & 0x1F < 24 else p,
    )


SENDERS: dict[str, Callable[[Frames], Frames]] = {
    "by the book": lambda frames: frames,
    "marker on the sets": _mark(*SETS),
    "marker on sets and SEI": _mark(*SETS, 6),
    "marker on the sequence set alone": _mark(7),
    "marker on every packet": _mark(1, 5, 6, *SETS),
    "no marker at all": lambda frames: each(frames, lambda p: replace(p, marker=False)),
    "sets with the time of the picture before": _time_of(-TICKS, *SETS),
    "sets a tick before": _time_of(-1, *SETS),
    "sets in time zero": lambda frames: each(
        frames, lambda p: replace(p, timestamp=0) if kind(p) in SETS else p
    ),
    "sets and SEI later than their picture": _time_of(7, 6, *SETS),
    "own time and marker": lambda frames: _mark(*SETS)(_time_of(-1, *SETS)(frames)),
    "own time each, and marker": lambda frames: _mark(*SETS, 6)(
        _time_of(-2, 7)(_time_of(-1, 8)(frames))
    ),
    "own time, and no marker": lambda frames: _time_of(-TICKS, *SETS)(
        each(frames, lambda p: replace(p, marker=False))
    ),
    "each packet with a time of its own": lambda frames: [
        [replace(p, timestamp=p.timestamp + place) for place, p in enumerate(frame)]
        for frame in frames
    ],
    "sets aggregated": _aggregated(marker=False, shift=0),
    "sets aggregated with marker and time": _aggregated(marker=True, shift=-90),
    "delimiter with marker": _with(b"\x09\xf0", at=0, marker=True),
    "delimiter in front": _with(b"\x09\xf0", at=0),
    "end of sequence": _with(b"\x0a", at=-1, marker=True),
    "end of stream": _with(b"\x0b", at=-1),
    "filler behind": _with(b"\x0c" + b"\xff" * 40 + b"\x80", at=-1, marker=True),
    "filler in front": _with(b"\x0c\xff\x80", at=0),
    "prefix unit of SVC": _with(b"\x6e\x80\x00\x07", at=0),
    "slice of another layer": _with(b"\x74\x80\x00\x07" + b"\x55" * 30, at=-1, marker=True),
    "interleaved packets": _with(b"\x79\x00\x01\x00\x02\x41\x9a", at=1),
    "a fragmented unit of interleaving": _with(b"\x7d\x81\x00\x01\x9a", at=1),
    "reserved": _with(b"\x1f\x00", at=1),
    "undefined": _with(b"\x00\x00", at=-1, marker=True),
    "fragments of an unknown unit": _with(b"\x7c\x9f\x01\x02", at=-1, marker=True),
    "an unknown unit in an aggregation": _with(
        b"\x78\x00\x02\x1e\x01\x00\x01\x0a\x00\x02\x09\xf0", at=0
    ),
    "an aggregation with a cut-off unit that no decoder needs": _with(
        b"\x78\x00\x40\x06\x01", at=0
    ),
    "aggregations with a size of zero and something behind": _payload(
        lambda unit: b"\x78\x00\x00" + len(unit).to_bytes(2) + unit + b"\xff" * 7
    ),
    "start codes in the packets": _payload(lambda unit: b"\0\0\0\1" + unit),
    "short start codes, and a delimiter before": _payload(
        lambda unit: b"\0\0\1\x09\xf0\0\0\1" + unit
    ),
    "an empty fragment": _with(b"\x7c\x41", at=-1, marker=True),
    "padding behind": lambda frames: [
        [*frame, Packet(0, frame[0].timestamp, b"", marker=False, ssrc=7)] for frame in frames
    ],
}


@pytest.mark.case("C1", "C12")
@pytest.mark.parametrize("slices", ["1", "4"])
@pytest.mark.parametrize("name", SENDERS)
def test_ninety_of_ninety(name: str, slices: str) -> None:
    frames = SENDERS[name](sent(encoded(COUNT, slices=slices)))
    # Whatever ends the last picture: the first one of a later meeting, say.
    end = sent([Coded(encoded(1)[0].data, COUNT + 30)])
    shown = dict.fromkeys(
        (number, date - date % 100) for number, date in pictures(numbered_packets(frames + end))
    )
    assert [one for one in shown if one in ALL] == ALL


@pytest.mark.case("C1", "C2", "C12")
@pytest.mark.parametrize(
    ("name", "count"),
    [("h264-marker-on-sets", 9), ("h264-sets-not-in-band", 9), ("h264-end-of-sequence-nal", 9)],
)
def test_recorded_senders(name: str, count: int) -> None:
    sets = tuple(p.payload for p in recorded("h264-marker-on-sets") if kind(p) in SETS)
    given = sets if name == "h264-sets-not-in-band" else ()
    packets = recorded(name)
    times = {p.timestamp for p in packets}
    shown = pictures(packets, given)
    assert [date for _, date in shown] == sorted(times)


def sets_of(coded: tuple[Coded, ...]) -> tuple[bytes, ...]:
    """The parameter sets of a stream, as its SDP names them."""
    return tuple(unit for unit in nal_units(coded[0].data) if unit[0] & 0x1F in SETS)


@pytest.mark.case("C2")
def test_sets_in_the_sdp_only() -> None:
    coded = encoded(COUNT)
    packets = numbered_packets(sent(coded, drop=SETS))
    assert pictures(packets) == []
    assert pictures(packets, sets_of(coded)) == ALL


@pytest.mark.case("C2")
@pytest.mark.parametrize("repairs", [True, False])
@pytest.mark.parametrize("lost", [5, 45])
def test_sets_sent_once_and_one_lost_packet_does_not_freeze_for_ever(
    lost: int, repairs: bool
) -> None:
    coded = encoded(COUNT)
    frames = sent(coded[:1]) + sent(coded[1:], drop=SETS)
    packets = numbered_packets(frames)
    del packets[sum(map(len, frames[:lost]))]
    shown = [number for number, _ in pictures(packets, repairs=repairs)]
    after = (lost // RATE + 1) * RATE
    assert shown[-(COUNT - after) :] == list(range(after, COUNT))


@pytest.mark.case("C2")
def test_sets_in_packets_that_are_skipped_count() -> None:
    coded = encoded(COUNT)
    frames = sent(coded, drop=SETS)
    sets = [Packet(0, 0, one, False, 7) for one in sets_of(coded)]
    # They stand behind a hole that is never filled, before the second IDR picture.
    packets = numbered_packets([*frames[:10], sets, *frames[10:]])
    missing = sum(map(len, frames[:9]))
    shown = [number for number, _ in pictures(packets[:missing] + packets[missing + 1 :])]
    assert shown[-60:] == list(range(30, COUNT))


@pytest.mark.case("C2")
def test_a_far_end_that_never_sends_an_idr_picture_again() -> None:
    coded = encoded(COUNT, **{"x264-params": "intra-refresh=1:keyint=15:bframes=0"})
    assert [one.kinds.count(5) for one in coded] == [1] + [0] * (COUNT - 1)
    frames = sent(coded)
    first = sum(map(len, frames[:20]))  # who joins later begins at a recovery point
    shown = pictures(numbered_packets(frames)[first:])
    assert [number for number, _ in shown][-30:] == list(range(COUNT - 30, COUNT))


@pytest.mark.case("C15")
@pytest.mark.parametrize(
    ("profile", "options"),
    [
        ("Main", {"tune": "psnr", "bf": "1"}),
        ("Main", {"tune": "psnr", "bf": "3"}),
        ("High", {"tune": "psnr", "bf": "3", "x264-params": "b-pyramid=normal:open-gop=1"}),
        ("High", {"tune": "psnr", "bf": "2", "slices": "3"}),
    ],
)
def test_each_picture_has_its_own_date_with_b_frames(profile: str, options: dict[str, str]) -> None:
    coded = encoded(46, profile, **options)
    assert [one.number for one in coded] != sorted(one.number for one in coded)
    shown = pictures(numbered_packets(sent(coded)))
    assert shown[:44] == ALL[:44]


@pytest.mark.case("K1", "C12")
@pytest.mark.parametrize(
    ("profile", "form"),
    [
        ("Baseline", "yuv420p"),
        ("Main", "yuv420p"),
        ("High", "yuv420p"),
        ("High 4:2:2", "yuv422p"),
        ("High 4:4:4 Predictive", "yuv444p"),
        ("High 10", "yuv420p10le"),
    ],
)
def test_each_profile_that_ffmpeg_decodes(profile: str, form: str) -> None:
    assert pictures(numbered_packets(sent(encoded(10, profile, form)))) == ALL[:10]


@pytest.mark.case("C2", "C15")
async def test_a_track_shows_them_in_order_each_at_its_date() -> None:
    coded = encoded(44, "Main", tune="psnr", bf="2")
    far = FarVideo()
    far.signal_sets(sets_of(coded))
    shown: list[tuple[int, int]] = []

    async def read() -> None:
        while len(shown) < 44:
            frame = await far.recv()
            shown.append((number_of(frame), frame.pts or 0))

    reading = asyncio.create_task(read())
    async with asyncio.timeout(20):
        for packet in numbered_packets(sent(coded, drop=SETS)):
            far.feed(packet, "H264", 90_000, time.monotonic())
            if packet.marker:
                await asyncio.sleep(1 / RATE)
        await reading
    assert [number for number, _ in shown] == list(range(44))
    steps = [later - sooner for (_, sooner), (_, later) in itertools.pairwise(shown[5:])]
    assert min(steps) > 0
    assert far.statistics().frames == 44
    far.stop()


@pytest.mark.case("C2")
async def test_a_new_decoder_gets_the_sets_of_the_call() -> None:
    coded = encoded(COUNT)
    frames = sent(coded[:1]) + sent(coded[1:], drop=SETS)
    seen: set[int] = set()
    far = FarVideo()

    async def read() -> None:
        while COUNT - 1 not in seen:
            seen.add(number_of(await far.recv()))

    reading = asyncio.create_task(read())
    async with asyncio.timeout(20):
        for packet in numbered_packets(frames):
            if packet.timestamp == 12 * TICKS:
                far._broken(time.monotonic())
            far.feed(packet, "H264", 90_000, time.monotonic())
            if packet.marker:
                await asyncio.sleep(0.005)
        await reading
    assert seen >= set(range(30, COUNT))
    far.stop()


@pytest.mark.case("C2")
async def test_a_far_end_that_answers_no_request_is_not_frozen_for_ever() -> None:
    coded = encoded(200, **{"x264-params": "keyint=100000:bframes=0"})
    now = 1000.0
    far = FarVideo(now=lambda: now)
    shown: list[float] = []

    async def read() -> None:
        while True:
            await far.recv()
            shown.append(now - 1000.0)

    reading = asyncio.create_task(read())
    for packet in numbered_packets(sent(coded[:1]) + sent(coded[1:], drop=SETS)):
        if packet.marker and packet.timestamp == 12 * TICKS:
            far._broken(now)
        far.feed(packet, "H264", 90_000, now)
        if packet.marker:
            now += 1 / RATE
            await asyncio.sleep(0.004)
    reading.cancel()
    far.stop()
    after = [at for at in shown if at > 1.0]
    assert after[0] < 0.4 + MAX_KEYLESS_S + 1.0
    assert len(after) > 60


@pytest.mark.case("C15")
async def test_a_stream_of_b_frames_that_pauses_shows_its_last_pictures_and_goes_on() -> None:
    coded = encoded(90, "High", tune="psnr", bf="3", **{"x264-params": "b-pyramid=normal"})
    far = FarVideo()
    shown: list[int] = []

    async def read() -> None:
        while True:
            shown.append(number_of(await far.recv()))

    reading = asyncio.create_task(read())
    packets = numbered_packets(sent(coded))
    for place, packet in enumerate(packets):
        far.feed(packet, "H264", 90_000, time.monotonic())
        if packet.marker:
            await asyncio.sleep(0.01)
        if place in (len(packets) // 2, len(packets) - 1):
            async with asyncio.timeout(20):
                units = {one.timestamp for one in packets[: place + 1] if one.marker}
                while len(shown) < len(units) - (not packet.marker):
                    await asyncio.sleep(0.05)
    reading.cancel()
    far.stop()
    assert sorted(shown) == list(range(90))
    assert far.statistics().frames == 90


def test_signalled_sets_do_not_replace_those_that_came_later() -> None:
    sps, pps, newer = b"\x67\x42\xc0\x1f\x80", b"\x68\xce", b"\x67\x42\xc0\x1e\x80"
    sets = ParameterSets()
    start = b"\0\0\0\1"
    sets.signal((sps, pps, b"", b"\x65\x88", b"\x67" + b"\xff" * 5_000))
    assert sets.repeat(start + b"\x65\x88", keyframe=True) == (
        start + sps + start + pps + start + b"\x65\x88"
    )
    sets.learn(start + newer)
    sets.signal((sps, pps, b"", b"\x65\x88", b"\x67" + b"\xff" * 5_000))  # a refresh of the call
    assert start + newer + start + pps in sets.repeat(start + b"\x65\x88", keyframe=True)
    sets.restart()
    assert start + sps + start + pps in sets.repeat(start + b"\x65\x88", keyframe=True)


def test_sets_without_end_are_bounded() -> None:
    sets = ParameterSets()
    for number in range(200):
        sets.learn(b"\0\0\0\1\x68" + (number + 1 << 4).to_bytes(2))
    unit = sets.repeat(b"\0\0\0\1\x65\x88", keyframe=True)
    assert len(unit) < 300
