"""When certificates and the revocation list are made anew: long before their end, keys kept."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.atomic_file import write_atomically
from services.province.ca.authority import Authority, common_name, private_pem

log = logging.getLogger("diemcau.province.certificates")

RENEWAL_SHARE = 1 / 2
"""Of its life; the other half is for whoever has to find out why it was not renewed."""

Sign = Callable[[ec.EllipticCurvePublicKey], x509.Certificate]


@dataclass(frozen=True, slots=True)
class Validity:
    """From when something is valid and when it is to be made anew (POSIX s)."""

    begin: float
    renew_at: float

    @classmethod
    def of(cls, begin: float, end: float) -> "Validity":
        """Of what is valid from `begin` to `end`."""
        return cls(begin, begin + (end - begin) * RENEWAL_SHARE)

    def both(self, other: "Validity") -> "Validity":
        """Of two that are renewed together."""
        return Validity(max(self.begin, other.begin), min(self.renew_at, other.renew_at))

    def fresh(self, now: float) -> bool:
        """False also before its begin: it was made while the clock was ahead."""
        return self.begin <= now < self.renew_at


def keep_identity(file: Path, authority: Authority, sign: Sign, now: float) -> Validity:
    """Make sure that `file` has a key and a certificate as `sign` would make it, not due yet.

    The key that is there is kept, and the certificate where its names are right and the authority
    is its issuer. A file that cannot be read is put aside under another name. Raises `OSError`.
    """
    key, old = _read(file)
    made = sign((key or ec.generate_private_key(ec.SECP256R1())).public_key())
    if key is not None and old is not None and _same(old, made) and authority.signed(old):
        validity = _validity(old)
        if old.public_key() == key.public_key() and validity.fresh(now):
            return validity
    if key is None:
        key = ec.generate_private_key(ec.SECP256R1())
        made = sign(key.public_key())
    write_atomically(file, private_pem(key) + made.public_bytes(serialization.Encoding.PEM))
    log.info("%s was made anew, until %s", file, made.not_valid_after_utc.date())
    return _validity(made)


def keep_revocations(file: Path, authority: Authority, revoked: set[int], now: float) -> Validity:
    """Write the list of `revoked` serial numbers with those that it has already: a certificate that
    was revoked stays so, whatever became of the ledger. Raises `OSError`."""
    made = authority.revocations(revoked | listed(file, authority), now)
    write_atomically(file, made)
    found = x509.load_pem_x509_crl(made)
    end = found.next_update_utc
    begin = found.last_update_utc.timestamp()
    return Validity.of(begin, begin if end is None else end.timestamp())


def listed(file: Path, authority: Authority) -> set[int]:
    """The serial numbers on the authority's list in `file`; none where there is no such list."""
    try:
        found = x509.load_pem_x509_crl(file.read_bytes())
        right = found.is_signature_valid(authority.key.public_key())
    except FileNotFoundError:
        return set()
    except (ValueError, TypeError) as error:
        log.error("%s cannot be read and is made anew of the ledger: %s", file, error)  # noqa: TRY400
        return set()
    return {entry.serial_number for entry in found} if right else set()


def _read(file: Path) -> tuple[ec.EllipticCurvePrivateKey | None, x509.Certificate | None]:
    try:
        content = file.read_bytes()
        key = serialization.load_pem_private_key(content, None)
    except FileNotFoundError:
        return None, None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        aside = file.with_suffix(".unreadable")
        file.replace(aside)
        log.error("%s has no key that can be read; it is put aside as %s", file, aside)
        return None, None
    try:
        return key, x509.load_pem_x509_certificate(content)
    except ValueError:
        return key, None


def _validity(certificate: x509.Certificate) -> Validity:
    return Validity.of(
        certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    )


def _same(one: x509.Certificate, other: x509.Certificate) -> bool:
    return common_name(one) == common_name(other) and _names(one) == _names(other)


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {f"{type(name).__name__} {name.value}" for name in found.value}
