"""SRTP with keys from the signalling (SDES, RFC 3711 and RFC 4568), by libsrtp.

The keys appear in no log and no `repr`.
"""

import os
from dataclasses import dataclass, field
from typing import ClassVar

from pylibsrtp import Error, Policy, Session

SUITES = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 10),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 4),
}
"""libsrtp's profile and the length of the tag behind RTP; behind RTCP it is always 10 bytes."""
RTCP_TAG_BYTES = 10
MKI_LENGTHS = (0, 4, 1)  # tried when the signalling names no length


class CipherError(ValueError):
    """A packet cannot be protected or opened: wrong key, altered, old, or too long."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """16 bytes of key and 14 of salt; `mki` is what packets made with it carry, if anything."""

    LENGTH: ClassVar[int] = 30

    secret: bytes = field(repr=False)
    mki: bytes = b""

    @classmethod
    def fresh(cls) -> "MasterKey":
        """A new one, from the system's random numbers."""
        return cls(os.urandom(cls.LENGTH))


def _session(suite: str, key: MasterKey, direction: int) -> Session:
    policy = Policy(key.secret, ssrc_type=direction, srtp_profile=SUITES[suite][0])
    policy.allow_repeat_tx = True  # a retransmission is the same packet
    return Session(policy)


class Outbound:
    """Protects what we send; it has the roll-over counter, so that one object serves one key."""

    def __init__(self, suite: str, key: MasterKey) -> None:
        self.suite = suite
        self.key = key
        self._session = _session(suite, key, Policy.SSRC_ANY_OUTBOUND)

    def rtp(self, packet: bytes) -> bytes:
        """The SRTP packet of an RTP packet.

        Raises CipherError for more than 1344 bytes: pylibsrtp's buffer has no room for its trailer.
        """
        try:
            return bytes(self._session.protect(packet))
        except (Error, ValueError) as error:
            raise CipherError(f"{len(packet)} bytes not protected: {error}") from None

    def rtcp(self, packet: bytes) -> bytes:
        """The SRTCP packet of an RTCP packet; CipherError when it cannot be protected."""
        try:
            return bytes(self._session.protect_rtcp(packet))
        except (Error, ValueError) as error:
            raise CipherError(f"{len(packet)} bytes not protected: {error}") from None


class Inbound:
    """Opens incoming packets, with or without a master key identifier (MKI).

    libsrtp's binding knows no MKI, and a Polycom RMX sends one by default (SEND_SRTP_MKI). It
    stands before the authentication tag and is not authenticated (RFC 3711 section 3.1), so it
    is cut out; its length is the one that was signalled, else found by trying.
    """

    def __init__(self, suite: str, keys: tuple[MasterKey, ...]) -> None:
        self.suite = suite
        self.keys = keys
        self._tag = SUITES[suite][1]
        self._sessions = [_session(suite, key, Policy.SSRC_ANY_INBOUND) for key in keys]
        lengths = dict.fromkeys([*(len(key.mki) for key in keys if key.mki), *MKI_LENGTHS])
        self._candidates = [(at, length) for length in lengths for at in range(len(keys))]

    def rtp(self, packet: bytes) -> bytes:
        """The RTP packet; raises CipherError."""
        return self._open(packet, self._tag, rtcp=False)

    def rtcp(self, packet: bytes) -> bytes:
        """The RTCP packet; raises CipherError."""
        return self._open(packet, RTCP_TAG_BYTES, rtcp=True)

    def _open(self, packet: bytes, tag: int, *, rtcp: bool) -> bytes:
        reason = "too short"
        for candidate in self._candidates:
            at, length = candidate
            if len(packet) < 12 + length + tag:
                continue
            bare = packet
            if length:
                bare = packet[: -tag - length] + packet[-tag:]
            session = self._sessions[at]
            try:
                opened = session.unprotect_rtcp(bare) if rtcp else session.unprotect(bare)
            except (Error, ValueError) as error:
                reason = str(error)
                continue
            if candidate != self._candidates[0]:
                self._candidates.remove(candidate)
                self._candidates.insert(0, candidate)
            return bytes(opened)
        raise CipherError(f"a packet of {len(packet)} bytes cannot be opened: {reason}")
