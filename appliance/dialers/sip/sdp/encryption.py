"""Whether the media of a call must be encrypted."""

from enum import StrEnum


class Encryption(StrEnum):
    """SDES-SRTP (RFC 4568) in a call: never, where the far end offers it, or no call without."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"
