"""The round trip of a WebRTC sender, by its reports and the far end's (RFC 3550 section 6.4.1).

aiortc's own goes by the wall clock, which may be set in a meeting, and by the last of several
reports that look alike: while no packet is sent they all have the date of the last one. So a round
trip came out below zero, and next to that each right one looked like a queue: the picture, once
stopped, never came back.
"""

from aiortc.rtp import RtcpReceiverInfo

MAX_ROUND_TRIP_S = 10.0
"""What takes longer is no answer, but a far end that does not count."""
SMOOTHING = 0.15
TICKS = 65536
"""Of a second, in a report block's times."""


class RoundTrip:
    """``seconds`` is the smoothed one; None before the first. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._named: int | None = None  # the middle of the newest report's date, as blocks name it
        self._sent_at: float | None = None  # None where another report had the same date

    def sent(self, ntp_timestamp: int, now: float) -> None:
        """A sender report with this date goes out."""
        named = ntp_timestamp >> 16 & 0xFFFFFFFF
        self._sent_at = None if named == self._named else now
        self._named = named

    def heard(self, block: RtcpReceiverInfo, now: float) -> None:
        """A report block of the far end on what we send."""
        if self._sent_at is None or not block.dlsr or block.lsr != self._named:
            return
        trip_s = now - self._sent_at - block.dlsr / TICKS
        if 0.0 <= trip_s <= MAX_ROUND_TRIP_S:
            known = self.seconds if self.seconds is not None else trip_s
            self.seconds = (1 - SMOOTHING) * known + SMOOTHING * trip_s
