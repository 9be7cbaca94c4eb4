"""Two streams on one port: the one that came last is followed until it is silent."""

from aiortc.rtp import RtpPacket

from appliance.media.jitter.clock import FarClock
from appliance.media.rtp.receiver import ALONE_AFTER_S, STRAGGLER_S, Receiving, RtpReceiver

ONE, OTHER, THIRD = 7, 9, 11
INTERVAL_S = 0.02


class Heard:
    """A receiver of PCMU; ``taken`` are the SSRC and sequence number of what goes on from it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.taken: list[tuple[int, int]] = []
        self.sequence = 0
        self.receiver = RtpReceiver(
            "audio",
            1,
            FarClock(),
            speak=lambda compound: None,
            ask=lambda: None,
            now=lambda: self.now,
        )
        self.receiver.use(Receiving({0: ("PCMU", 8000)}))

    def send(self, seconds: float, *streams: int) -> set[int]:
        """A packet of each every 20 ms; gives the streams that were followed."""
        before = len(self.taken)
        for _ in range(round(seconds / INTERVAL_S)):
            self.sequence += 1
            for ssrc in streams:
                self._one(ssrc)
            self.now += INTERVAL_S
        return {ssrc for ssrc, _ in self.taken[before:]}

    def _one(self, ssrc: int) -> None:
        packet = RtpPacket(
            payload_type=0,
            sequence_number=self.sequence,
            timestamp=self.sequence * 160,
            ssrc=ssrc,
            payload=bytes(160),
        )
        counted = self.receiver.track.statistics().packets
        self.receiver.take(packet, self.now)
        new = self.receiver.track.statistics().packets - counted
        self.taken += [(ssrc, self.sequence - back) for back in reversed(range(new))]


def test_of_two_at_once_one_is_followed() -> None:
    """To follow both once showed 45 pictures of 240, six times frozen."""
    heard = Heard()
    assert heard.send(1.0, ONE) == {ONE}
    assert heard.send(0.02, ONE, OTHER) == {ONE, OTHER}
    assert heard.send(5.0, ONE, OTHER) == {OTHER}
    assert heard.send(5.0, ONE, OTHER, THIRD) == {OTHER, THIRD}
    assert heard.send(5.0, ONE, OTHER, THIRD) == {THIRD}


def test_one_that_comes_back_alone_is_taken_from_its_beginning() -> None:
    heard = Heard()
    heard.send(1.0, ONE)
    heard.send(STRAGGLER_S + 0.5, OTHER)
    first = heard.sequence + 1
    assert heard.send(2 * ALONE_AFTER_S, ONE) == {ONE}
    assert [sequence for ssrc, sequence in heard.taken if ssrc == ONE][-20:] == list(
        range(first, first + 20)
    )


def test_a_late_packet_switches_nothing_back() -> None:
    heard = Heard()
    heard.send(1.0, ONE)
    heard.send(0.1, OTHER)
    assert heard.send(STRAGGLER_S / 2, ONE) == set()
