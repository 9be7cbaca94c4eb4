"""How a site comes by its certificate: what it asks, what the province answers.

JSON over HTTPS, the server known by the province's own authority. The device makes its key; the
claim code on its TV is made of that key, so whoever compares the code compares the key: nobody can
be let in in its place (as with the fingerprints of RFC 4253, section 4.1).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.wire.fields import Fields, WireError, printed
from appliance.wire.topics import SITE

ENROL, RENEW = "/enrol", "/renew"
"""The two paths; both are POST."""
DEVICES = "/devices"
"""The console's page of those who wait; ``?claim=`` names one of them."""
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Thirty-two letters that nobody confuses over the telephone: no 0, O, 1, I."""
MAX_PEM_LENGTH = 8000
_SIGNED = b"diemcau renewal 1\n"


def claim_code(public_key: bytes) -> str:
    """Eight letters of the SHA-256 of a key (DER, SubjectPublicKeyInfo): ``7KQF-M2XH`` for people
    has a hyphen that `plain_claim` takes away."""
    number = int.from_bytes(hashlib.sha256(public_key).digest()[:5], "big")
    letters = (ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    code = "".join(letters)
    return f"{code[:4]}-{code[4:]}"


def plain_claim(typed: str) -> str:
    """What somebody typed, in the form of `claim_code`: case, spaces and hyphens do not matter."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:]}"


def claim_link(province: str, code: str) -> str:
    """The page on which the device with this code is let in; "" where no address is known.

    It opens nothing by itself: who follows it logs in and compares the code.
    """
    return f"{province}{DEVICES}?claim={code}" if province and code else ""


def signed_part(request: str) -> bytes:
    """What the old key signs to renew: the new request, and words that no other use has."""
    return _SIGNED + request.encode()


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """A device without a certificate asks; it asks again with the same words until it is known."""

    site: str
    """The id of its site file."""
    csr: str
    """PKCS #10 (RFC 2986) as PEM; its signature shows that the device has the key."""
    serial: str = ""
    model: str = ""

    @classmethod
    def parse(cls, payload: bytes) -> "EnrolRequest":
        """Read a body; raises `WireError`."""
        fields = Fields.read(payload)
        site = fields.text("site", None, max_length=63)
        if not SITE.fullmatch(site):
            raise WireError(f"site is {site!r}; expected small letters, digits and hyphens")
        return cls(
            site,
            fields.text("csr", None, max_length=MAX_PEM_LENGTH),
            fields.word("serial", max_length=64),
            fields.word("model", max_length=100),
        )

    @property
    def payload(self) -> bytes:
        """Its JSON."""
        return printed(
            {"site": self.site, "csr": self.csr, "serial": self.serial, "model": self.model}
        )


@dataclass(frozen=True, slots=True)
class RenewRequest:
    """A device with a certificate, which may have ended, asks for the next one."""

    certificate: str
    csr: str
    signature: str
    """ECDSA with SHA-256 by the old key over `signed_part` of ``csr``, base64."""
    serial: str = ""

    @classmethod
    def parse(cls, payload: bytes) -> "RenewRequest":
        """Read a body; raises `WireError`."""
        fields = Fields.read(payload)
        return cls(
            fields.text("certificate", None, max_length=MAX_PEM_LENGTH),
            fields.text("csr", None, max_length=MAX_PEM_LENGTH),
            fields.text("signature", None, max_length=400),
            fields.word("serial", max_length=64),
        )

    @property
    def payload(self) -> bytes:
        """Its JSON."""
        return printed(
            {
                "certificate": self.certificate,
                "csr": self.csr,
                "signature": self.signature,
                "serial": self.serial,
            }
        )


class EnrolState(StrEnum):
    """What has become of a request."""

    PENDING = "pending"  # somebody must compare the code; ask again
    APPROVED = "approved"  # here is the certificate
    REFUSED = "refused"  # and why


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """What the province answers to both."""

    state: EnrolState
    certificate: str = ""
    detail: str = ""
    """Why it is refused: one of a closed set of words (``services/province/ca/enrolment.py``)."""

    @classmethod
    def parse(cls, payload: bytes) -> "EnrolAnswer":
        """Read a body; raises `WireError`."""
        fields = Fields.read(payload)
        state = fields.text("state", None, max_length=20)
        if state not in set(EnrolState):
            raise WireError(f"state is {state!r}; expected one of {', '.join(EnrolState)}")
        return cls(
            EnrolState(state),
            fields.text("certificate", max_length=MAX_PEM_LENGTH),
            fields.text("detail"),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its body."""
        return {
            "state": self.state.value,
            "certificate": self.certificate,
            "detail": self.detail,
        }

    @property
    def payload(self) -> bytes:
        """Its JSON."""
        return printed(self.values)
