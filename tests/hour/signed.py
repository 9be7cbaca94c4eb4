"""Hours as a province signs them, and as somebody else would like to."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.hour import SignedHour, signed_part
from services.province.ca.authority import Authority

NOON = 1_793_610_000.0
"""2 November 2026."""
NONCE, OTHER = "ab" * 16, "cd" * 16
AUTHORITY, STRANGER = Authority.make(NOON), Authority.make(NOON)
Certify = Callable[[ec.EllipticCurvePublicKey], x509.Certificate]


def signed(
    nonce: str = NONCE,
    at: float = NOON,
    *,
    certify: Certify = lambda key: AUTHORITY.hour(key, NOON),
    says: str = "",
) -> SignedHour:
    """`nonce` and `at`, signed by a key that `certify` makes a certificate for; `says` is the nonce
    in the answer where it is to be another."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = certify(key.public_key()).public_bytes(serialization.Encoding.DER)
    signature = key.sign(signed_part(nonce, at), ec.ECDSA(hashes.SHA256()))
    return SignedHour(says or nonce, at, certificate, signature)
