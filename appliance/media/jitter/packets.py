"""One RTP packet for the jitter buffers, and the unwrapping of its counters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet (RFC 3550 section 5.1) without its transport.

    `sequence` (16 bits) and `timestamp` (32 bits) are as on the wire; `repeated` says that it
    came by a retransmission stream of its own (RFC 4588).
    """

    sequence: int
    timestamp: int
    payload: bytes
    marker: bool = False
    ssrc: int = 0
    repeated: bool = False


class Unwrapper:
    """Turns a counter of `bits` bits into one that runs on (RFC 3550 appendix A.1).

    Each value is taken to be the nearest to the last one that was given.
    """

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """The unwrapped `value`, which is remembered."""
        self._last = self.near(value)
        return self._last

    def near(self, value: int) -> int:
        """The unwrapped `value`, which is not remembered."""
        if self._last is None:
            # One cycle up, so that what arrives just before the first stays positive.
            return value + self._modulus
        step = (value - self._last) % self._modulus
        if step >= self._modulus // 2:
            step -= self._modulus
        return self._last + step
