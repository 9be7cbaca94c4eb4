"""The province's signed hour: what a box asks, what it is answered, and what the key signs.

A box without a time server knows no hour by which to judge a certificate. So it sends a nonce, a
number that was never used before, and the province signs it together with its own hour: the answer
was made after the question, and whoever repeats an older answer has signed another nonce.

Either `HOUR` is asked, or an agenda with `NONCE_HEADER`, whose answer bears `HOUR_HEADER`.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from appliance.wire.fields import Fields, WireError, printed

HOUR = "/hour"
"""GET, with ``?nonce=``."""
NONCE_HEADER, HOUR_HEADER = "Diemcau-Nonce", "Diemcau-Hour"
"""Of an agenda's request and of its answer."""
NONCE_BYTES = 16
"""Random; 2^64 questions are asked before two are likely to be the same."""
NONCE_FORM = "[0-9a-f]{32}"
MAX_AT = 253_402_300_799.0
"""The last second of the year 9999, beyond which Python has no date."""
MAX_ENCODED_LENGTH = 4000
_NONCE = re.compile(NONCE_FORM)
_SIGNED = "diemcau hour 1"
_AT = re.compile(r"[0-9]{1,12}\.[0-9]{3}")


def is_nonce(text: str) -> bool:
    """Whether `text` is a nonce: 32 small hexadecimal digits."""
    return _NONCE.fullmatch(text) is not None


def signed_part(nonce: str, at: float) -> bytes:
    """What the province's key signs: words that no other use has, the nonce, and the hour (POSIX s)
    with three decimals, a line each."""
    return f"{_SIGNED}\n{nonce}\n{at:.3f}\n".encode()


@dataclass(frozen=True, slots=True)
class SignedHour:
    """The province's answer; nothing of it is believed before it is verified."""

    nonce: str
    at: float
    """POSIX seconds, to the millisecond."""
    certificate: bytes
    """Of the key that signed (X.509, DER)."""
    signature: bytes
    """ECDSA with SHA-256 over `signed_part` (DER)."""

    @classmethod
    def parse(cls, payload: bytes) -> "SignedHour":
        """Read the body of `HOUR`; raises `WireError`."""
        fields = Fields.read(payload)
        return cls(
            fields.word("nonce", None, max_length=64),
            fields.number("at", None, low=0.0, high=MAX_AT),
            _decoded("certificate", fields.text("certificate", None, max_length=8000)),
            _decoded("signature", fields.text("signature", None, max_length=400)),
        )

    @classmethod
    def of_header(cls, header: str) -> "SignedHour":
        """Read `HOUR_HEADER`, the same four with a blank between each two; raises `WireError`."""
        words = header.split(" ")
        if len(words) != 4 or len(header) > 2 * MAX_ENCODED_LENGTH:
            raise WireError(f"{HOUR_HEADER} has {len(words)} words; expected four")
        nonce, at, certificate, signature = words
        if not _AT.fullmatch(at):
            raise WireError(f"{HOUR_HEADER} has the hour {at[:40]!r}; expected 1793610000.000")
        return cls(
            nonce[:64],
            float(at),
            _decoded("certificate", certificate),
            _decoded("signature", signature),
        )

    @property
    def payload(self) -> bytes:
        """Its JSON."""
        return printed(
            {
                "nonce": self.nonce,
                "at": self.at,
                "certificate": _encoded(self.certificate),
                "signature": _encoded(self.signature),
            }
        )

    @property
    def header(self) -> str:
        """The value of `HOUR_HEADER`."""
        parts = (_encoded(self.certificate), _encoded(self.signature))
        return " ".join((self.nonce, f"{self.at:.3f}", *parts))


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError(f"{name} is no base64: {error}") from error
