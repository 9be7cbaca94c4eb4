"""Learns the RTP clock of a G.722 stream, which some far ends run at its sampling rate."""

from appliance.media.jitter.packets import Packet

RATE = 8_000  # a mistake of the first profile that was kept (RFC 3551 section 4.5.2)
OTHER_RATE = 16_000  # what it samples at
MIN_WITNESSES = 3  # packets in a row, since a single one may follow a pause


class G722Clock:
    """`rate` is 8000 Hz until packets show the other: 64 kbit/s are 8000 bytes a second."""

    def __init__(self) -> None:
        self.rate = RATE
        self._last: Packet | None = None
        self._witnesses = 0

    def see(self, packet: Packet) -> int:
        """The clock in Hz, this packet counted."""
        last, self._last = self._last, packet
        if last is None or packet.sequence != (last.sequence + 1) & 0xFFFF:
            return self.rate
        ticks = (packet.timestamp - last.timestamp) & 0xFFFFFFFF
        other = OTHER_RATE if self.rate == RATE else RATE
        if last.payload and ticks * RATE == len(last.payload) * other:
            self._witnesses += 1
            if self._witnesses >= MIN_WITNESSES:
                self.rate, self._witnesses = other, 0
        else:
            self._witnesses = 0
        return self.rate
