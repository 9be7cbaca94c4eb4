"""Reads and checks what devices send: requests, certificates, signatures.

P-256 alone, which every box makes: one curve is one set of mistakes.
"""

import base64
import binascii

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.wire.enrolment import RenewRequest, signed_part
from services.province.ca.authority import common_name


def parse_certificate(certificate: str) -> x509.Certificate | None:
    """The certificate of a PEM text; None where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        return None


def requested_key(csr: str) -> ec.EllipticCurvePublicKey | None:
    """The P-256 key of a request whose signature is right; None for any other."""
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        right = request.is_signature_valid
    except (ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        return None
    return key if right else None


def is_signed_by(certificate: x509.Certificate, request: RenewRequest) -> bool:
    """Whether the key of `certificate` signed the request."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not common_name(certificate):
        return False
    try:
        signature = base64.b64decode(request.signature, validate=True)
        key.verify(signature, signed_part(request.csr), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def is_client(certificate: x509.Certificate) -> bool:
    """Whether it is a client's certificate, as each site has it, and not a server's."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def der(key: ec.EllipticCurvePublicKey) -> bytes:
    """SubjectPublicKeyInfo."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def fingerprint(key: object) -> str:
    """SHA-256 of a key in hexadecimal; "0" for a key of another kind."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return "0"
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der(key))
    return digest.finalize().hex()
