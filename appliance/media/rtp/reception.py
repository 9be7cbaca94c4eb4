"""The figures of a receiver report on one stream (RFC 3550 section 6.4.1)."""

from dataclasses import dataclass

from appliance.media.jitter.packets import Unwrapper


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """The fields of RFC 3550 section 6.4.1, in its units; `jitter` in ticks of the RTP clock."""

    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    since_last_report: int


class Reception:
    """Counts one SSRC of a clock of `rate` Hz (RFC 3550 appendices A.3 and A.8)."""

    def __init__(self, rate: int) -> None:
        self.received = 0
        self._rate = rate
        self._unwrap = Unwrapper(16)
        self._first: int | None = None
        self._highest = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._timestamp: int | None = None
        self._expected_before = 0
        self._received_before = 0
        self._report: tuple[int, float] | None = None  # middle 32 bits of NTP, and when it came

    def add(self, sequence: int, timestamp: int, now: float) -> None:
        """Count a packet of the original stream; retransmissions do not count."""
        self.received += 1
        running = self._unwrap(sequence)
        if self._first is None:
            self._first = self._highest = running
        if running < self._highest:
            return
        self._highest = running
        if timestamp == self._timestamp:
            return
        self._timestamp = timestamp
        transit = now * self._rate - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < 10 * self._rate:  # else the timestamps wrapped or began anew
                self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """Note a sender report that came now: `ntp` as 32.32."""
        self._report = ((ntp >> 16) & 0xFFFFFFFF, now)

    @property
    def expected(self) -> int:
        """Packets that the far end sent, by sequence numbers (RFC 3550 appendix A.3)."""
        return 0 if self._first is None else self._highest - self._first + 1

    @property
    def lost(self) -> int:
        """Packets expected but not received; below zero when some came twice."""
        return self.expected - self.received

    @property
    def jitter(self) -> int:
        """Interarrival jitter in units of the RTP timestamp (RFC 3550 section 6.4.1)."""
        return int(self._jitter)

    def block(self, now: float) -> ReportBlock:
        """The report since the last one."""
        expected = self.expected - self._expected_before
        lost = expected - (self.received - self._received_before)
        self._expected_before, self._received_before = self.expected, self.received
        fraction = min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
        last, since = 0, 0
        if self._report is not None:
            last = self._report[0]
            since = min(int((now - self._report[1]) * 65536), 0xFFFFFFFF)
        return ReportBlock(
            fraction,
            max(-(1 << 23), min(self.lost, (1 << 23) - 1)),
            # The unwrapper begins one cycle up; on the wire the count of cycles begins at zero.
            (self._highest - 0x10000) & 0xFFFFFFFF,
            self.jitter,
            last,
            since,
        )
