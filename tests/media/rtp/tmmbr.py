"""A far end's request for less, which we obey and never send."""

import struct


def tmmbr(own: int, far: int, bps: int, overhead: int = 40) -> bytes:
    """Temporary Maximum Media Stream Bit Rate Request (RFC 5104 section 4.2.1): six bits of
    exponent, 17 of mantissa, 9 of overhead."""
    exponent = max(0, bps.bit_length() - 17)
    entry = struct.pack("!LL", far, exponent << 26 | (bps >> exponent) << 9 | overhead)
    return struct.pack("!BBHLL", 0x83, 205, 4, own, 0) + entry
