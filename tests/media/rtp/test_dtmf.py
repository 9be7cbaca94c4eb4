"""Telephone events as they stand in RFC 4733, sent block by block and heard again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.rtp.dtmf import KEYS, DtmfReceiver, DtmfSender, Event, EventPacket


def sent(keys: str, rate: int = 8000) -> list[tuple[int, EventPacket]]:
    """The packets of all blocks, with the number of the block."""
    sender = DtmfSender()
    sender.press(keys)
    packets: list[tuple[int, EventPacket]] = []
    block = 0
    while sender.busy:
        packets += [(block, packet) for packet in sender.block(rate)]
        block += 1
    assert sender.sent == len(keys.replace(",", ""))
    assert sender.block(rate) == []
    return packets


def test_one_key_on_the_wire() -> None:
    packets = [packet for _, packet in sent("9")]
    # 160 ms: eight packets, the last one three times (section 2.5.1.4), one marker
    assert [packet.marker for packet in packets] == [True] + [False] * 9
    assert packets[0].payload == bytes((9, 10, 0, 160))
    assert packets[6].payload == bytes((9, 10, 1120 >> 8, 1120 & 255))
    assert {packet.payload for packet in packets[7:]} == {bytes((9, 0x80 | 10, 5, 0))}


def test_durations_follow_the_clock() -> None:
    last = Event.parse(sent("#", 48_000)[-1][1].payload)
    assert last == Event("#", 7680, end=True)


def test_keys_have_gaps_and_a_comma_is_a_pause() -> None:
    begins = [block for block, packet in sent("1,2") if packet.marker]
    assert begins == [0, 26]
    blocks = {block for block, _ in sent("12")}
    assert blocks == {*range(8), *range(13, 21)}


def test_codes_of_all_keys() -> None:
    assert [Event.parse(bytes((code, 10, 0, 160))) for code in range(16)] == [
        Event(key, 160) for key in KEYS
    ]
    assert Event.parse(bytes((16, 10, 0, 160))) is None  # flash is no key
    assert Event.parse(b"\1\2\3") is None


def test_what_is_no_key_is_refused_whole() -> None:
    sender = DtmfSender()
    with pytest.raises(ValueError, match="'X' is no telephone key"):
        sender.press("12x")
    with pytest.raises(ValueError, match="more than"):
        sender.press("1" * 65)
    assert not sender.busy
    sender.press(" *6 a")
    assert sender.duration_s() == pytest.approx(3 * 0.26)


@given(st.text(KEYS, min_size=1, max_size=20), st.integers(0, 3), st.randoms())
def test_each_key_is_heard_once_whatever_single_packets_are_lost(
    keys: str, losses: int, chance: random.Random
) -> None:
    listener, heard, timestamp = DtmfReceiver(), "", 0
    for block, packet in sent(keys):
        if packet.marker:
            timestamp = 4_294_960_000 + block * 160 & 0xFFFFFFFF
        if losses and chance.random() < 0.3:
            losses -= 1
            continue
        heard += listener.take(packet.payload, timestamp) or ""
    assert heard == keys


@given(st.binary(max_size=12), st.integers(0, 2**32 - 1))
def test_any_bytes(payload: bytes, timestamp: int) -> None:
    key = DtmfReceiver().take(payload, timestamp)
    assert key is None or key in KEYS
