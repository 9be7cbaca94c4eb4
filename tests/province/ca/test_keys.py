"""What a device shows is believed only where its own key signed it, and that key is of P-256."""

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from appliance.wire.enrolment import RenewRequest, signed_part
from services.province.ca.authority import Authority
from services.province.ca.keys import (
    der,
    fingerprint,
    is_signed_by,
    parse_certificate,
    requested_key,
)

NOW = 1_773_290_400.0
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ia-kly")])
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def csr(key: Private, digest: hashes.HashAlgorithm | None) -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder().subject_name(NAME).sign(key, digest)  # type: ignore[arg-type]


def pem(request: x509.CertificateSigningRequest) -> str:
    return request.public_bytes(serialization.Encoding.PEM).decode()


ASKED = pem(csr(KEY, hashes.SHA256()))


def test_the_key_of_a_request_is_the_one_that_signed_it() -> None:
    found = requested_key(ASKED)
    assert found is not None
    assert der(found) == der(KEY.public_key())
    assert fingerprint(found) == hashlib.sha256(der(found)).hexdigest()
    assert fingerprint(found) != fingerprint(OTHER.public_key())


def test_a_request_whose_signature_is_another_s_has_no_key() -> None:
    raw = bytearray(csr(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    raw[-1] ^= 1
    bent = base64.encodebytes(bytes(raw)).decode()
    head, tail = "-----BEGIN CERTIFICATE REQUEST-----\n", "-----END CERTIFICATE REQUEST-----\n"
    assert requested_key(head + bent + tail) is None


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256K1()),
     rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()],
)  # fmt: skip
def test_a_key_of_another_kind_is_none(key: Private) -> None:
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    assert requested_key(pem(csr(key, digest))) is None


@pytest.mark.parametrize("text", ["", "Xã Ia Kly", ASKED[:200], ASKED.replace("\n", "")[:-9], "\0"])
def test_what_is_no_pem_is_nothing(text: str) -> None:
    assert requested_key(text) is None
    assert parse_certificate(text) is None


def test_a_key_of_another_kind_has_the_fingerprint_of_nobody() -> None:
    for other in (rsa.generate_private_key(65537, 2048).public_key(), None, "x"):
        assert fingerprint(other) == "0"


def test_a_renewal_counts_where_the_certificate_s_own_key_signed_this_very_request() -> None:
    certificate = Authority.make(NOW).site(KEY.public_key(), "ia-kly", "100", NOW)
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    assert parse_certificate(text) == certificate

    def renewal(key: ec.EllipticCurvePrivateKey, words: bytes, asked: str = ASKED) -> RenewRequest:
        signature = base64.b64encode(key.sign(words, ec.ECDSA(hashes.SHA256()))).decode()
        return RenewRequest(text, asked, signature)

    assert is_signed_by(certificate, renewal(KEY, signed_part(ASKED)))
    assert not is_signed_by(certificate, renewal(OTHER, signed_part(ASKED)))
    assert not is_signed_by(certificate, renewal(KEY, ASKED.encode()))  # signed for another purpose
    assert not is_signed_by(certificate, renewal(KEY, signed_part(ASKED), ASKED + " "))
    for broken in ("", "!", "YWJj", "Y"):
        assert not is_signed_by(certificate, RenewRequest(text, ASKED, broken))
