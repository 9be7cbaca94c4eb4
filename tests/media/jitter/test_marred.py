"""Where nothing is sent again: one loss waits for its keyframe, many go on with marred pictures."""

import pytest

from appliance.media.jitter.payload_formats import H264, VP8
from appliance.media.jitter.video import (
    CALM_AFTER_S,
    DEFAULT_ROUND_TRIP_S,
    KEYFRAME_WAIT_S,
    MAX_LATE_S,
    MAX_UNREPAIRED_S,
    VideoJitterBuffer,
)
from tests.media.jitter.lossy_stream import Net, stream

PICTURE_S = 1 / 30
BEGUN = 1000.0


def shown(
    lost: set[int], *, keys: tuple[int, ...] = (0,), repairs: bool = False
) -> dict[int, float]:
    """When each of 300 frames left; of those in `lost` one packet never comes."""
    jitter = VideoJitterBuffer(H264)
    jitter.repairs = repairs
    net = Net(jitter, trip_s=0.0)
    for number, frame in enumerate(stream(300, keys=keys)):
        for index, packet in enumerate(frame):
            net.send(packet, BEGUN + number * PICTURE_S, lost=number in lost and index == 2)
        if repairs:
            net._sent.clear()  # what is asked for is never sent
    net.run(BEGUN + 11)
    return {int.from_bytes(unit.data[-5:-1]): at - BEGUN for at, unit in net.units}


def test_one_loss_is_healed_by_its_keyframe_and_no_marred_picture_is_shown() -> None:
    out = shown({150}, keys=(0, 155))
    assert set(range(300)) - set(out) == {150, 151, 152, 153, 154}


def test_a_keyframe_that_does_not_come_is_not_waited_for_for_long() -> None:
    out = shown({150})
    assert set(range(300)) - set(out) == {150}
    assert (
        out[151] - 151 * PICTURE_S
        <= MAX_LATE_S + KEYFRAME_WAIT_S + DEFAULT_ROUND_TRIP_S + 2 * PICTURE_S
    )
    assert out[299] - 299 * PICTURE_S == pytest.approx(0.0, abs=1e-6)


def test_losses_that_follow_one_another_are_only_waited_for_as_late_packets_are() -> None:
    lost = {150, 160, 170, 180}
    out = shown(lost)
    assert set(range(300)) - set(out) == lost
    for number in (161, 171, 181):
        assert out[number] - number * PICTURE_S <= MAX_LATE_S + 2 * PICTURE_S


def test_a_keyframe_and_a_calm_make_it_patient_again() -> None:
    second = 100 + 1 + int(CALM_AFTER_S * 30) + 10
    out = shown({100, second}, keys=(0, 101, second + 5))
    assert set(range(second, second + 5)).isdisjoint(out)
    assert second + 5 in out


def test_where_packets_are_sent_again_no_picture_is_ever_marred() -> None:
    out = shown({100}, repairs=True)
    assert max(out) == 99


@pytest.mark.case("C2")
def test_who_agreed_to_repeat_and_does_not_is_waited_for_once() -> None:
    jitter = VideoJitterBuffer(H264)
    assert jitter.repairs
    net = Net(jitter, trip_s=0.0)
    lost = {30, 360, 370}
    for number, frame in enumerate(stream(420)):
        for index, packet in enumerate(frame):
            net.send(packet, BEGUN + number * PICTURE_S, lost=number in lost and index == 2)
        net._sent.clear()
    net.run(BEGUN + 15)
    out = {int.from_bytes(unit.data[-5:-1]): at - BEGUN for at, unit in net.units}
    assert out[31] - 31 * PICTURE_S < MAX_UNREPAIRED_S + 0.2
    assert out[371] - 371 * PICTURE_S < 1.0
    assert set(range(420)) - set(out) <= lost


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (b"\x67\x42", True),  # a sequence parameter set
        (b"\x09\x10", True),  # a delimiter
        (b"\x41\x9a", True),  # a slice that begins with macroblock 0
        (b"\x65\x88", True),
        (b"\x41\x40", False),  # a slice that begins with another
        (b"\x7c\x81\x9a", True),  # the first fragment of such slices
        (b"\x7c\x81\x40", False),
        (b"\x7c\x01\x9a", False),  # a later fragment
        (b"\x78\x00\x02\x67\x42", True),
        (b"\x06\x05", False),
        (b"", False),
    ],
)
def test_where_a_frame_of_h264_begins(payload: bytes, begins: bool) -> None:
    assert H264.starts_frame(payload) is begins


def test_where_a_frame_of_vp8_begins() -> None:
    assert VP8.starts_frame(b"\x10\0")
    assert not VP8.starts_frame(b"\x00\0")
    assert not VP8.starts_frame(b"")
