"""What a source counts, asks for again, and gives up; and what its forwarded stream looks like."""

import time
from itertools import pairwise

from aiortc.rtp import RtcpSenderInfo
from hypothesis import given
from hypothesis import strategies as st

from services.room.media.descriptions import AcceptedLine
from services.room.media.rewrite import HEADER, MAX_HISTORY, Incoming, Outgoing, parse
from services.room.media.source import MAX_MISSING, MAX_REQUESTS, Source


def source(kind: str = "video", ssrc: int | None = 5) -> Source:
    return Source(AcceptedLine("0", kind, 102, "h264", ssrc, 90000), feed=7, ssrc=ssrc)


def packet(sequence: int, timestamp: int = 0) -> Incoming:
    return Incoming(True, 102, sequence & 0xFFFF, timestamp, 5, b"\x65")


async def fed(one: Source, *sequences: int) -> Source:
    for sequence in sequences:
        await one.receive(packet(sequence), 0.0)
    return one


async def test_what_is_missing_is_asked_for_a_few_times_and_given_up() -> None:
    one = await fed(source(), 0xFFFE, 1)
    assert [one.take_missing() for _ in range(MAX_REQUESTS)] == [[0, 0xFFFF]] * MAX_REQUESTS
    assert one.take_missing() == []


async def test_what_comes_late_is_asked_for_no_more() -> None:
    one = await fed(source(), 10, 14, 12)
    assert one.take_missing() == [11, 13]
    await fed(one, 11, 11, 14, 9)
    assert one.take_missing() == [13]


async def test_an_outage_is_answered_by_a_keyframe_and_not_packet_by_packet() -> None:
    one = await fed(source(), 1, 1 + MAX_MISSING)
    assert len(one.take_missing()) == MAX_MISSING - 1
    assert not one.keyframe_wanted
    await fed(one, 2 + 2 * MAX_MISSING)
    assert one.take_missing() == []
    assert one.keyframe_wanted


async def test_lost_sound_is_not_asked_for() -> None:
    one = await fed(source("audio"), 1, 5, 999)
    assert one.take_missing() == []
    assert not one.take_keyframe_request(0.0)


async def test_the_receiver_report_counts_and_measures_from_the_last_sender_report() -> None:
    one = source()
    assert one.reception() is None
    await fed(one, 0xFFFF, 0, 3)
    block = one.reception()
    assert block is not None
    assert (block.ssrc, block.highest_sequence, block.packets_lost) == (5, 0x1_0003, 2)
    assert (block.lsr, block.dlsr) == (0, 0), "none has come"
    info = RtcpSenderInfo(0x1122_3344_5566_7788, 0, 0, 0)
    await one.receive_report(info, time.monotonic() - 2.0)
    block = one.reception()
    assert block is not None
    assert block.lsr == 0x3344_5566, "the middle of the NTP timestamp"
    assert 2.0 <= block.dlsr / 65536 < 60.0
    await one.receive_report(info, time.monotonic() - 70_000.0)
    block = one.reception()
    assert block is not None
    assert block.dlsr == 0xFFFF_FFFF, "32 bits and no more"


async def test_a_source_without_an_ssrc_reports_nothing() -> None:
    assert (await fed(source(ssrc=None), 1)).reception() is None


@given(
    st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(1, 40)),
        min_size=1,
        max_size=5,
    )
)
def test_any_row_of_sources_is_one_unbroken_stream(parts: list[tuple[int, int, int]]) -> None:
    """Each part is a source: its first sequence number, its first timestamp, its length."""
    stream, at, sent = Outgoing(9, 96), 0.0, []
    for ssrc, (sequence, timestamp, count) in enumerate(parts):
        for n in range(count):
            at += 1 / 30
            one = Incoming(
                n % 2 == 0, 102, (sequence + n) & 0xFFFF,
                (timestamp + 3000 * n) & 0xFFFFFFFF, ssrc, b"payload",
            )  # fmt: skip
            data = stream.forward(one, at)
            assert data is not None
            out = parse(data)
            assert out is not None
            assert (out.marker, out.payload, out.payload_type) == (n % 2 == 0, b"payload", 96)
            sent.append((out.sequence_number, out.timestamp, data))
    for (one_seq, one_time, _), (two_seq, two_time, _) in pairwise(sent):
        assert (two_seq - one_seq) & 0xFFFF == 1
        assert 2999 <= (two_time - one_time) & 0xFFFFFFFF <= 3001
    assert (stream.packets, stream.octets) == (len(sent), 7 * len(sent))
    for number, _, data in sent[-MAX_HISTORY:]:
        assert stream.sent(number) == data


def test_the_send_time_is_6_18_fixed_point_and_wraps_at_64_seconds() -> None:
    stream = Outgoing(9, 96, extension=3)
    for at, wanted in ((0.0, 0), (1.5, 0x06_0000), (64.0, 0), (65.25, 0x05_0000)):
        data = stream.forward(packet(int(at)), at)
        assert data is not None
        assert data[HEADER.size : HEADER.size + 5] == bytes((0xBE, 0xDE, 0, 1, 0x32))
        assert int.from_bytes(data[HEADER.size + 5 : HEADER.size + 8]) == wanted
