"""Certificates and the revocation list are made anew long before their end, with the same key."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.province.ca.authority import BACKDATED_S, Authority
from services.province.ca.renewal import Validity, keep_identity, keep_revocations, listed

pytestmark = pytest.mark.case("K10")
NOW = time.time()
DAY = 86_400.0
AUTHORITY = Authority.make(NOW)


def keep(file: Path, now: float, *hosts: str, authority: Authority = AUTHORITY) -> Validity:
    names = hosts or ("tinh.example", "10.0.0.1")
    return keep_identity(file, authority, lambda key: authority.server(key, names, now), now)


def read(file: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, x509.load_pem_x509_certificate(file.read_bytes())


def number(key: ec.EllipticCurvePrivateKey) -> int:
    return key.private_numbers().private_value


def test_it_is_left_alone_for_half_of_its_life_and_renewed_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "server.pem"
    made = keep(file, NOW)
    first, key = file.read_bytes(), read(file)[0]
    for days in (0, 1, 31, 400):
        assert keep(file, NOW + days * DAY) == made
        assert file.read_bytes() == first
    later = keep(file, NOW + 411 * DAY)
    assert later.begin == pytest.approx(NOW + 411 * DAY - BACKDATED_S, abs=1)
    assert later.fresh(NOW + 820 * DAY)
    again, certificate = read(file)
    assert number(again) == number(key)
    assert certificate.public_key() == key.public_key()
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_made_while_the_clock_was_years_ahead_is_renewed_when_it_is_right(
    tmp_path: Path,
) -> None:
    file = tmp_path / "server.pem"
    ahead = keep(file, NOW + 2000 * DAY)
    assert not ahead.fresh(NOW)
    assert keep(file, NOW).fresh(NOW)
    assert keep_revocations(tmp_path / "r", AUTHORITY, set(), NOW + 2000 * DAY).begin > NOW
    assert keep_revocations(tmp_path / "r", AUTHORITY, set(), NOW).fresh(NOW)


@pytest.mark.parametrize(
    "names", [("hop.example", "10.0.0.1"), ("tinh.example",), ("tinh.example", "10.0.0.2")]
)
def test_another_name_is_another_certificate(tmp_path: Path, names: tuple[str, ...]) -> None:
    file = tmp_path / "server.pem"
    keep(file, NOW)
    key = read(file)[0]
    keep(file, NOW + 1, *names)
    again, certificate = read(file)
    wanted = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in wanted] == list(names)
    assert number(again) == number(key)


def _another_certificate(file: Path) -> None:
    key, _ = read(file)
    other = AUTHORITY.server(ec.generate_private_key(ec.SECP256R1()).public_key(), ["x"], NOW)
    own = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(own + other.public_bytes(serialization.Encoding.PEM))


def _no_certificate(file: Path) -> None:
    file.write_bytes(file.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0])


@pytest.mark.parametrize("spoil", [_another_certificate, _no_certificate])
def test_a_key_that_can_be_read_is_kept(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    file = tmp_path / "server.pem"
    keep(file, NOW)
    key = read(file)[0]
    spoil(file)
    assert keep(file, NOW).fresh(NOW)
    again, certificate = read(file)
    assert number(again) == number(key)
    assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nMIG", b"\0" * 600])
def test_a_key_that_cannot_be_read_is_put_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "server.pem"
    file.write_bytes(content)
    assert keep(file, NOW).fresh(NOW)
    assert (tmp_path / "server.unreadable").read_bytes() == content
    assert "server.pem has no key that can be read" in caplog.text
    read(file)


def test_one_of_another_authority_is_signed_anew(tmp_path: Path) -> None:
    file, other = tmp_path / "server.pem", Authority.make(NOW)
    keep(file, NOW, authority=other)
    keep(file, NOW)
    assert AUTHORITY.signed(read(file)[1])


def test_the_list_of_another_authority_is_no_list(tmp_path: Path) -> None:
    file = tmp_path / "revoked.pem"
    keep_revocations(file, Authority.make(NOW), {1, 2}, NOW)
    keep_revocations(file, AUTHORITY, {3}, NOW)
    assert listed(file, AUTHORITY) == {3}


def test_of_two_the_first_to_be_renewed_counts() -> None:
    both = Validity(1.0, 50.0).both(Validity(5.0, 90.0))
    assert both == Validity(5.0, 50.0)
    assert [both.fresh(now) for now in (4.9, 5.0, 49.9, 50.0)] == [False, True, True, False]
