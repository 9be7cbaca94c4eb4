"""The site's own key and certificate: made here, signed by the province, never leaving the box.

Key and certificate stand in one file, so that a power cut leaves an old pair or a new one and never
one half of each. A key that waits for its certificate has a file of its own.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.base.atomic_file import write_atomically

RENEWAL_SHARE = 2 / 3
"""Of its life; the last third is for a province that cannot be reached for months."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and the certificate for it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def begin(self) -> float:
        """POSIX seconds from which it is valid."""
        return self.certificate.not_valid_before_utc.timestamp()

    @property
    def end(self) -> float:
        """POSIX seconds until which it is valid."""
        return self.certificate.not_valid_after_utc.timestamp()

    def renewal_at(self, spread: float) -> float:
        """When to ask for the next; `spread` (0 to 1) places a site in a twentieth of a life."""
        return self.begin + (self.end - self.begin) * (RENEWAL_SHARE + 0.05 * spread)

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Credentials:
    """The files in a folder that only this program reads (its mode 0600 comes with mkstemp(3))."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "identity.pem"
        self._waiting = folder / "next-key.pem"

    def pair(self) -> Pair | None:
        """What there is; a file that is broken counts for none, and another is asked for."""
        try:
            content = self.file.read_bytes()
            key = serialization.load_pem_private_key(content, None)
            certificate = x509.load_pem_x509_certificate(content)
        except (OSError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return None
        return Pair(key, certificate) if key.public_key() == certificate.public_key() else None

    def next_key(self) -> ec.EllipticCurvePrivateKey:
        """The key that waits for its certificate; made where there is none. Raises `OSError`.

        One whose certificate has come waits no more, though a power cut may have left it there: the
        province signs no key twice.
        """
        pair = self.pair()
        try:
            key = serialization.load_pem_private_key(self._waiting.read_bytes(), None)
            taken = pair is not None and key.public_key() == pair.key.public_key()
            if isinstance(key, ec.EllipticCurvePrivateKey) and not taken:
                return key
        except (OSError, ValueError):
            pass
        key = ec.generate_private_key(ec.SECP256R1())
        write_atomically(self._waiting, private_pem(key))
        return key

    def keep(self, certificate: bytes) -> Pair:
        """The certificate (PEM) for the waiting key has come. Raises `ValueError` where it is for
        another key, `OSError` where it cannot be written."""
        key = self.next_key()
        found = x509.load_pem_x509_certificate(certificate)
        if found.public_key() != key.public_key():
            raise ValueError("the certificate is for another key; ask again")
        pair = Pair(key, found)
        write_atomically(self.file, private_pem(key) + pair.pem)
        self._waiting.unlink(missing_ok=True)
        return pair


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted: nobody is there to type a password."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def request(key: ec.EllipticCurvePrivateKey, site: str, serial: str) -> bytes:
    """A PKCS #10 request as PEM: the site as common name, the board as serial number."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, site)]
    if serial:
        names.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
