"""The province's certificate authority: signs sites, servers and the key of the hour, and lists
revoked certificates.

A larger province may have a key and a certificate of its own PKI, an authority that signs these
kinds: they are put into the folder of `open_authority` before the first start.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SITE_DAYS = 365.0
SERVER_DAYS = 820.0
"""Browsers accept at most 825 of a server (Apple's rule for private authorities)."""
AUTHORITY_DAYS = 20 * 365.0
HOUR_DAYS = 365.0
"""Of the key that signs hours; a stolen one sets clocks."""
CLIENT_DAYS = 820.0
"""Of the province's own clients."""
HOUR_NAME = "_hour"
"""The common name; no site's id begins with a low line."""
CRL_DAYS = 365.0
"""The list is written anew at each revocation; this is for a province that nobody looks after."""
BACKDATED_S = 86_400.0
"""A certificate must be valid for a box whose clock is a little behind."""


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's key and certificate; `now` is an argument wherever something is signed."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, now: float, *, name: str = "Điểm Cầu") -> "Authority":
        """A new one, self-signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} CA")])
        builder = _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        usage = _usage(signs_certificates=True)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(usage, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, which each site's image holds."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def site(
        self,
        key: ec.EllipticCurvePublicKey,
        site: str,
        serial: str,
        now: float,
        *,
        days: float = SITE_DAYS,
    ) -> x509.Certificate:
        """A certificate for the client `site` (common name) on the board `serial`."""
        names = [x509.NameAttribute(NameOID.COMMON_NAME, site)]
        if serial:
            names.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
        builder = _builder(x509.Name(names), self.certificate.subject, key, now, days)
        return self._leaf(builder, ExtendedKeyUsageOID.CLIENT_AUTH)

    def server(
        self, key: ec.EllipticCurvePublicKey, hosts: Iterable[str], now: float
    ) -> x509.Certificate:
        """A certificate for a server by these names and IP addresses."""
        names = tuple(hosts)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        builder = _builder(subject, self.certificate.subject, key, now, SERVER_DAYS)
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
        return self._leaf(builder, ExtendedKeyUsageOID.SERVER_AUTH)

    def hour(self, key: ec.EllipticCurvePublicKey, now: float) -> x509.Certificate:
        """A certificate for a key that signs hours (`appliance.wire.hour`), and for nothing else:
        its purpose, timeStamping (RFC 5280, section 4.2.1.12), is no site's and no server's."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOUR_NAME)])
        builder = _builder(subject, self.certificate.subject, key, now, HOUR_DAYS)
        return self._leaf(builder, ExtendedKeyUsageOID.TIME_STAMPING)

    def revocations(self, serials: Iterable[int], now: float) -> bytes:
        """The list of revoked certificates as PEM (RFC 5280, section 5)."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(_at(now - BACKDATED_S))
            .next_update(_at(now + CRL_DAYS * 86_400))
        )
        for serial in sorted(set(serials)):
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(entry.revocation_date(_at(now)).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def signed(self, certificate: x509.Certificate) -> bool:
        """Whether this authority signed it, valid at this time or not."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except Exception:  # ValueError, TypeError or InvalidSignature, all of which mean "no"
            return False
        return True

    def _leaf(
        self, builder: x509.CertificateBuilder, purpose: x509.ObjectIdentifier
    ) -> x509.Certificate:
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(own, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted; the file's mode guards it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def common_name(certificate: x509.Certificate) -> str:
    """The common name of a certificate: the site's id."""
    return _attribute(certificate.subject, NameOID.COMMON_NAME)


def serial_of(certificate: x509.Certificate) -> str:
    """The serial number of the board in a site's certificate, "" where it has none."""
    return _attribute(certificate.subject, NameOID.SERIAL_NUMBER)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: float,
    days: float,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_at(now - BACKDATED_S))
        .not_valid_after(_at(now) + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
