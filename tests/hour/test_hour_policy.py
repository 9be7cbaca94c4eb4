"""An hour that is not the province's own of this very question is refused, each by its code."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.fields import WireError
from appliance.wire.hour import SignedHour, is_nonce
from services.hour.hour_policy import (
    MAX_ROUND_TRIP_S,
    HourError,
    Refusal,
    RoundTrip,
    judge,
)
from tests.hour.signed import AUTHORITY, NONCE, NOON, OTHER, STRANGER, signed
from tests.wire.golden import examples

DAY = 86_400.0
TRIP = RoundTrip(NONCE, 100.0, 100.8)
FLOOR = NOON - 30 * DAY
TRUSTED = (AUTHORITY.certificate,)


def refusal(
    answer: SignedHour, trip: RoundTrip = TRIP, *, floor: float = FLOOR
) -> tuple[Refusal, str]:
    with pytest.raises(HourError) as caught:
        judge(answer, trip, TRUSTED, floor)
    return caught.value.refusal, str(caught.value)


def test_it_is_right_within_half_of_the_round_trip() -> None:
    """Whenever within it the province looked at its clock."""
    for share in (0.0, 0.25, 1.0):
        really = NOON + 0.8 * (1.0 - share)  # when the answer is here, by the province's clock
        hour = judge(signed(), TRIP, TRUSTED, FLOOR)
        assert abs(hour.at - really) <= hour.error_s + 1e-6
        assert hour.error_s == pytest.approx(0.4)
        assert hour.received_at == 100.8


def test_it_is_believed_with_several_authorities_and_to_the_last_moment_of_the_bounds() -> None:
    both = (STRANGER.certificate, AUTHORITY.certificate)
    slow = replace(TRIP, received_at=TRIP.sent_at + MAX_ROUND_TRIP_S)
    assert judge(signed(), slow, both, NOON).error_s == MAX_ROUND_TRIP_S / 2


CASES = {
    Refusal.REPLAYED: signed(OTHER),
    Refusal.WRONG_NONCE: signed(says=OTHER),
    Refusal.FORGED: replace(signed(), at=NOON + 3600.0),
    Refusal.WRONG_AUTHORITY: signed(certify=lambda key: STRANGER.hour(key, NOON)),
    Refusal.EXPIRED: signed(certify=lambda key: AUTHORITY.hour(key, NOON - 366 * DAY)),
    Refusal.UNREADABLE: replace(signed(), certificate=b"0\x03"),
}


@pytest.mark.parametrize("code", CASES)
def test_each_kind_is_refused_by_its_code_and_in_words(code: Refusal) -> None:
    found, words = refusal(CASES[code])
    assert found is code
    assert words.startswith(f"{code}: ")
    assert len(words) > len(code) + 20


def test_one_from_before_what_has_passed_is_refused() -> None:
    """The province's own clock was lost: its battery is empty."""
    code, words = refusal(signed(), floor=NOON + 60.0)
    assert code is Refusal.BELOW_FLOOR
    assert "2026-11-02 09:00, and 2026-11-02 09:01 has passed already" in words


@pytest.mark.parametrize("took", [5.01, 60.0, -0.1])
def test_one_that_was_long_on_its_way_is_refused(took: float) -> None:
    code, words = refusal(signed(), replace(TRIP, received_at=TRIP.sent_at + took))
    assert code is Refusal.TOO_SLOW
    assert "at most 5 s" in words


def test_a_sites_and_a_servers_certificate_sign_no_hour() -> None:
    """Every box has a site's; who takes one apart must not set the others' clocks."""
    for other in (
        signed(certify=lambda key: AUTHORITY.site(key, "ia-kly", "1", NOON)),
        signed(certify=lambda key: AUTHORITY.site(key, "_hour", "", NOON)),
        signed(certify=lambda key: AUTHORITY.server(key, ["tinh.example"], NOON)),
    ):
        assert refusal(other)[0] is Refusal.WRONG_PURPOSE


def test_a_certificate_that_is_itself_no_authority_vouches_for_nothing() -> None:
    """The site's file may hold a server's certificate by mistake: its key signs no hours."""
    subject = AUTHORITY.certificate.subject
    made = (
        x509.CertificateBuilder(subject, subject, AUTHORITY.key.public_key(), 1)
        .not_valid_before(AUTHORITY.certificate.not_valid_before_utc)
        .not_valid_after(AUTHORITY.certificate.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(AUTHORITY.key, hashes.SHA256())
    )
    for authorities in ((made,), ()):
        with pytest.raises(HourError, match=f"none of the site's {len(authorities)} authorities"):
            judge(signed(), TRIP, authorities, FLOOR)


def test_an_hour_after_the_authoritys_own_end_is_refused() -> None:
    late = AUTHORITY.certificate.not_valid_after_utc.timestamp() + 60.0
    code, words = refusal(signed(at=late, certify=lambda key: AUTHORITY.hour(key, late)))
    assert code is Refusal.EXPIRED
    assert "Điểm Cầu CA" in words


GOOD = signed()


@given(st.sampled_from(["payload", "header"]), st.data())
def test_one_letter_that_is_another_is_never_another_hour(form: str, data: st.DataObject) -> None:
    """Of the body and of the header: it is refused, or the very same hour is read."""
    whole = GOOD.payload if form == "payload" else GOOD.header.encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    spoiled = whole[:at] + bytes([data.draw(st.integers(32, 126))]) + whole[at + 1 :]
    try:
        if form == "payload":
            read = SignedHour.parse(spoiled)
        else:
            read = SignedHour.of_header(spoiled.decode())
        hour = judge(read, TRIP, TRUSTED, FLOOR)
    except (WireError, HourError):
        return
    assert hour.at == pytest.approx(NOON + 0.4)


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(WireError):
        SignedHour.parse(content)
    with pytest.raises(WireError):
        SignedHour.of_header(content.decode("latin-1"))


def test_both_forms_say_the_same() -> None:
    assert SignedHour.parse(GOOD.payload) == GOOD == SignedHour.of_header(GOOD.header)
    assert "\n" not in GOOD.header
    assert len(GOOD.header) < 2000
    assert is_nonce(NONCE)
    assert not any(map(is_nonce, ("", "AB" * 16, "ab" * 15, "ab" * 17, f"{NONCE}\n")))


def test_what_the_documents_show_is_what_is_read_and_signed() -> None:
    (shown,) = examples("hour")
    read = SignedHour.parse(shown)
    assert read.payload == shown
    key = x509.load_der_x509_certificate(read.certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    text = f"diemcau hour 1\n{read.nonce}\n{read.at:.3f}\n".encode()
    key.verify(read.signature, text, ec.ECDSA(hashes.SHA256()))
