"""Whether a signed hour is to be believed, by a box that does not know the hour. Pure.

No clock is asked. That the answer is of now follows from the nonce, which nobody knew before; when
it was made, from the two moments between which it must have been; that it is the province's, from a
certificate of the site's own authority whose only purpose this is. The certificate must have been
valid at the hour that it signs: a stolen key sets no clock to a time after its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.wire.hour import SignedHour, signed_part

MAX_ROUND_TRIP_S = 5.0
"""Half of it is how wrong the hour may be: nobody comes too late to a meeting for that."""


class Refusal(StrEnum):
    """Why an hour is not believed; the codes of the log and of the report."""

    UNREADABLE = "unreadable"
    TOO_SLOW = "too-slow"
    REPLAYED = "replayed"
    WRONG_NONCE = "wrong-nonce"
    WRONG_AUTHORITY = "wrong-authority"
    WRONG_PURPOSE = "wrong-purpose"
    FORGED = "forged"
    EXPIRED = "expired"
    BELOW_FLOOR = "below-floor"


class HourError(Exception):
    """An hour that is not believed; says why, with the values."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(f"{refusal}: {sentence}")
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One question: when it was sent and when its answer was there, in seconds since the boot."""

    nonce: str
    sent_at: float
    received_at: float


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour that is believed."""

    at: float
    """POSIX seconds at the moment `received_at`, seconds since the boot."""
    received_at: float
    error_s: float
    """It is right to this, either way."""


def judge(
    answer: SignedHour,
    trip: RoundTrip,
    authorities: Sequence[x509.Certificate],
    floor: float,
) -> Hour:
    """The hour of `answer`; `floor` is a moment that has passed (POSIX s).

    Raises `HourError`.
    """
    took_s = trip.received_at - trip.sent_at
    if not 0.0 <= took_s <= MAX_ROUND_TRIP_S:
        slow = f"the answer took {took_s:.1f} s; at most {MAX_ROUND_TRIP_S:g} s are believed"
        raise HourError(Refusal.TOO_SLOW, slow)
    certificate = _certificate(answer)
    authority = _authority(certificate, authorities)
    _check_purpose(certificate)
    _check_signature(answer, trip, certificate)
    for one in (certificate, authority):
        begin, end = one.not_valid_before_utc.timestamp(), one.not_valid_after_utc.timestamp()
        if not begin <= answer.at <= end:
            when = f"the certificate {_name(one)} is valid from {_day(begin)} to {_day(end)}"
            raise HourError(Refusal.EXPIRED, f"{when}, and the hour is {_day(answer.at)}")
    if answer.at < floor:
        before = f"the hour is {_day(answer.at)}, and {_day(floor)} has passed already"
        raise HourError(Refusal.BELOW_FLOOR, before)
    return Hour(answer.at + took_s / 2, trip.received_at, took_s / 2)


def _certificate(answer: SignedHour) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(answer.certificate)
    except ValueError as error:
        raise HourError(Refusal.UNREADABLE, f"no certificate: {str(error)[:100]}") from error


def _authority(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate]
) -> x509.Certificate:
    for authority in authorities:
        try:
            certificate.verify_directly_issued_by(authority)
            limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
        except Exception:  # noqa: S112 - whatever a stranger's certificate raises means "no"
            continue
        if limits.value.ca:
            return authority
    none = f"{_name(certificate)} is signed by none of the site's {len(authorities)} authorities"
    raise HourError(Refusal.WRONG_AUTHORITY, none)


def _check_purpose(certificate: x509.Certificate) -> None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        found = x509.ExtendedKeyUsage([])
    if list(found) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        other = f"{_name(certificate)} is a certificate for something else, not for hours alone"
        raise HourError(Refusal.WRONG_PURPOSE, other)


def _check_signature(answer: SignedHour, trip: RoundTrip, certificate: x509.Certificate) -> None:
    right = _is_signed(answer, certificate)
    if answer.nonce != trip.nonce:
        if right:
            raise HourError(Refusal.REPLAYED, "an answer that was given to another question")
        raise HourError(Refusal.WRONG_NONCE, "the nonce is not the one that was sent")
    if not right:
        raise HourError(Refusal.FORGED, "the signature is not of this nonce and hour")


def _is_signed(answer: SignedHour, certificate: x509.Certificate) -> bool:
    try:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(
            answer.signature, signed_part(answer.nonce, answer.at), ec.ECDSA(hashes.SHA256())
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:80]


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
