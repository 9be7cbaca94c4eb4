"""How often a keyframe is asked for over plain RTP, and given: by the clock that is handed in."""

from fractions import Fraction

import pytest
from av.packet import Packet
from av.stream import Stream

from appliance.media.jitter.clock import FarClock
from appliance.media.rtp import rtcp
from appliance.media.rtp.receiver import (
    MAX_REQUEST_BURST,
    RTCP_REQUEST_INTERVAL_S,
    SIGNALLED_REQUEST_INTERVAL_S,
    Receiving,
    RtpReceiver,
)
from appliance.media.rtp.send_rate import SendRate
from appliance.media.rtp.sender import MAX_UNSENT, MIN_KEYFRAME_INTERVAL_S, RtpSender, Sending
from appliance.media.rtp.stream import RtpStream
from tests.media.local_tracks import NumberedVideo

OWN, FAR = 7, 9


class Deaf:
    """A receiver that nobody answers; ``said`` is its RTCP, ``asked`` the signalling's turns."""

    def __init__(self, *feedback: str) -> None:
        self.now = 100.0
        self.said: list[bytes] = []
        self.asked = 0
        self.receiver = RtpReceiver(
            "video",
            OWN,
            FarClock(),
            speak=self.said.append,
            ask=self._ask,
            now=lambda: self.now,
        )
        self.receiver.use(Receiving({99: ("H264", 90000)}, frozenset(feedback)))

    def _ask(self) -> None:
        self.asked += 1

    def wish(self, seconds: float) -> None:
        """Want a keyframe thirty times a second, for so long."""
        for _ in range(round(seconds * 30)):
            self.receiver.keyframe(FAR)
            self.now += 1 / 30


def test_a_picture_that_stays_broken_asks_a_few_times_and_then_once_in_a_while() -> None:
    deaf = Deaf("nack pli")
    deaf.wish(1.0)
    assert len(deaf.said) == MAX_REQUEST_BURST
    deaf.wish(9.0)
    assert len(deaf.said) <= MAX_REQUEST_BURST + 10 / RTCP_REQUEST_INTERVAL_S
    assert set(deaf.said) == {rtcp.pli(OWN, FAR)}


def test_who_is_not_heard_asks_in_every_way() -> None:
    deaf = Deaf("nack pli", "ccm fir")
    deaf.wish(1.0)
    pli = rtcp.pli(OWN, FAR)
    firs = [rtcp.fir(OWN, FAR, number) for number in (1, 2)]
    assert deaf.said == [pli, pli + firs[0], pli + firs[1]]
    assert deaf.asked == 2
    deaf.wish(9.0)
    assert deaf.asked <= MAX_REQUEST_BURST + 10 / SIGNALLED_REQUEST_INTERVAL_S


def test_without_any_feedback_the_signalling_asks() -> None:
    deaf = Deaf()
    deaf.wish(0.1)
    assert not deaf.said
    assert deaf.asked == MAX_REQUEST_BURST


@pytest.mark.case("C14")
def test_a_far_end_gets_a_keyframe_by_pli_and_by_fir_but_one_at_a_time() -> None:
    wanted: list[float] = []
    track = NumberedVideo()
    track.request_keyframe = lambda: wanted.append(now)  # type: ignore[method-assign]
    stream = RtpStream(
        "video",
        track,
        clock=FarClock(),
        rate=SendRate(start=500_000, ceiling=1_000_000),
        name="x",
        ask=lambda: None,
    )
    pli, fir = rtcp.pli(FAR, stream.ssrc), rtcp.fir(FAR, stream.ssrc, 1)
    old_fir = bytes.fromhex("80c00001") + stream.ssrc.to_bytes(4)
    now = 100.0
    for words in (pli, fir, old_fir):
        for _ in range(5):
            stream.take_rtcp(words, now)
        stream.take_rtcp(words, now + MIN_KEYFRAME_INTERVAL_S / 2)
        now += MIN_KEYFRAME_INTERVAL_S
    assert wanted == [100.0 + turn * MIN_KEYFRAME_INTERVAL_S for turn in range(3)]


class Wire:
    """A path on which everything goes out."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def send_rtp(self, packet: bytes) -> bool:
        self.packets.append(packet)
        return True


def picture(number: int, size: int) -> "Packet[Stream]":
    """One picture of one slice."""
    packet = Packet(b"\x00\x00\x00\x01\x41" + bytes([7]) * size)
    packet.pts, packet.time_base = number * 3000, Fraction(1, 90_000)
    return packet


def test_a_camera_that_cuts_no_slices_is_a_fault_and_its_first_picture_is_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = Wire()
    sender = RtpSender(wire, NumberedVideo(), SendRate(start=500_000, ceiling=1_000_000))  # type: ignore[arg-type]
    sender.use(Sending(99, "H264", 90_000, mode=0), 100.0)
    for number, size in enumerate([20_000, 20_000, 900]):
        sender._take(picture(number, size), 100.0 + number / 30)
    assert len(wire.packets) == 1
    assert not caplog.records
    for number in range(3, 3 + 2 * MAX_UNSENT):
        sender._take(picture(number, 20_000), 100.0 + number / 30)
    assert len(wire.packets) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "20001 bytes" in caplog.text
