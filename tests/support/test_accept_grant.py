"""A grant opens a shell at one box, once, for some hours; everything else opens nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.support.accept_grant import AcceptedGrant, accept_grant, find_grant
from services.support.errors import StickError
from services.support.grant import Grant
from services.support.grant_policy import ThisBox
from services.support.signature import MAX_SIGNED_BYTES, sign
from services.support.trusted_time import TrustedTime
from tests.support.authorities import GRANT, NOW, SERIAL, SITE, authority, signer

START = datetime.fromtimestamp(0, UTC)

Try = Callable[..., AcceptedGrant]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for kind in ("provisioning", "development"):
        authority(folder / kind, kind)
    authority(folder / "strangers", "provisioning")
    signer(folder / "provisioning", "bundles", "extendedKeyUsage=codeSigning")
    signer(folder / "provisioning", "both", "extendedKeyUsage=codeSigning,emailProtection")
    signer(folder / "provisioning", "anything", "keyUsage=digitalSignature")
    signer(folder / "provisioning", "short", "extendedKeyUsage=emailProtection", days=0)
    return folder


@pytest.fixture
def try_(keys: Path, tmp_path: Path) -> Try:
    """Signs and hands in; each test has one box."""

    def given(
        content: Grant | bytes = GRANT,
        *,
        by: str = "provisioning/signer",
        hour: TrustedTime | None = None,
        spoil: Callable[[bytes], bytes] = lambda signed: signed,
        site: str = SITE,
    ) -> AcceptedGrant:
        certificate, key = (keys / f"{by}{kind}" for kind in (".pem", ".key"))
        signed = spoil(sign(bytes(content), certificate, str(key)))
        here = ThisBox(SERIAL, site, hour or TrustedTime(NOW, trusted=True, past=START))
        return accept_grant(signed, keys / "provisioning/keyring.pem", tmp_path, lambda: here)

    return given


def refused(try_: Try, reason: str, *words: Grant | bytes, **more: object) -> None:
    with pytest.raises(StickError, match=reason):
        try_(*words, **more)


def test_a_good_grant(try_: Try) -> None:
    admitted = try_()
    assert admitted.grant == GRANT
    assert admitted.seconds == 2 * 3600
    assert str(admitted).startswith('support: Nguyễn "Văn" A may work here for 2.0 h, by grant')
    assert "diemcau provisioning signer" in str(admitted)


def test_a_good_grant_for_a_site(try_: Try) -> None:
    named = replace(GRANT, serial="", site=SITE)
    refused(try_, "for the site ia-kly; this one is none", named, site="")
    assert try_(named).grant.site == SITE


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("strangers/signer", "unable to get local issuer certificate"),
        ("development/signer", "unable to get local issuer certificate"),
        ("provisioning/bundles", "certificate purpose"),
        ("provisioning/both", "certificate of both is not for grants"),
        ("provisioning/anything", "certificate of anything is not for grants"),
    ],
)
def test_who_may_not_sign_grants(try_: Try, by: str, reason: str) -> None:
    refused(try_, reason, by=by)


def test_the_authority_itself_signs_no_grant(try_: Try, keys: Path) -> None:
    for kind, name in (("keyring.pem", "root.pem"), ("authority.key", "root.key")):
        (keys / "provisioning" / name).write_bytes((keys / "provisioning" / kind).read_bytes())
    refused(try_, "certificate purpose|not for grants", by="provisioning/root")


def test_a_certificate_that_had_ended(try_: Try) -> None:
    refused(try_, "was not valid when it signed", by="provisioning/short")


def test_a_certificate_that_has_ended_since(try_: Try, keys: Path) -> None:
    signer(keys / "provisioning", "day", "extendedKeyUsage=emailProtection", days=1)
    week = replace(GRANT, until=NOW + timedelta(days=6))
    later = TrustedTime(NOW + timedelta(days=5), trusted=True, past=START)
    refused(try_, "certificate of day has ended", week, by="provisioning/day", hour=later)


def test_the_time_is_over(try_: Try) -> None:
    refused(try_, "only; it is", hour=TrustedTime(GRANT.until, trusted=True, past=START))
    assert (
        try_(
            hour=TrustedTime(GRANT.until - timedelta(seconds=90), trusted=True, past=START)
        ).seconds
        == 90
    )


def test_the_time_has_not_come(try_: Try) -> None:
    before = TrustedTime(NOW - timedelta(hours=1), trusted=True, past=START)
    refused(try_, "yet to come", hour=before)


def test_a_clock_at_1970_is_not_asked_but_what_is_known_to_have_passed(try_: Try) -> None:
    lost = TrustedTime(START, trusted=False, past=NOW - timedelta(days=30))
    refused(try_, "only; it is", hour=replace(lost, past=GRANT.until))
    assert try_(hour=lost).seconds == 2 * 3600


def test_another_box(try_: Try) -> None:
    other = replace(GRANT, serial="10000000abcdef02")
    refused(try_, "with serial 10000000abcdef02; this one has 10000000abcdef01", other)


def test_a_grant_is_used_once(try_: Try) -> None:
    try_()
    refused(try_, "was used already")
    # The same words signed anew are the same grant.
    refused(try_, "was used already", replace(GRANT, until=GRANT.until + timedelta(hours=1)))
    assert try_(replace(GRANT, id="fedcba9876543210")).grant.who == GRANT.who


def test_what_was_refused_is_not_used_up(try_: Try) -> None:
    refused(try_, "only; it is", hour=TrustedTime(GRANT.until, trusted=True, past=START))
    assert try_().grant == GRANT


def test_that_it_is_used_is_written_down_first_or_it_opens_nothing(
    try_: Try, tmp_path: Path
) -> None:
    (tmp_path / "boot").write_text("a file where the folder should be")
    refused(try_, "cannot be written down")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"hours = 2", b"hours = 9", "hours 9 is not"),
        (b"hours = 2", b"hours = 0", "hours 0 is not"),
        (b"hours = 2", b'hours = "2"', "is no number"),
        (b"hours = 2", b"hours = true", "is no number"),
        (b"hours = 2", b"hours = nan", "hours nan is not"),
        (b"hours = 2", b"", "hours None"),
        (b"hours = 2", b'hours = 2\nonly = "logs"', "unknown keys: only"),
        (b"serial = ", b'site = "ia-kly"\nserial = ', "by serial and by site"),
        (b"serial = ", b"#", "by serial and by site or by neither"),
        (b'"0123456789abcdef"', b'"../../x"', "id "),
        (b"+00:00\nhours", b"\nhours", "until .* is no moment"),
    ],
)
def test_words_that_are_no_grant(try_: Try, before: bytes, after: bytes, reason: str) -> None:
    content = bytes(GRANT)
    assert before in content
    refused(try_, reason, content.replace(before, after, 1))


def test_a_grant_that_would_wait_for_ever(try_: Try) -> None:
    far = (NOW + timedelta(days=8)).isoformat().encode()
    content = bytes(GRANT).replace(GRANT.until.isoformat().encode(), far)
    refused(try_, "not within 7 days", content)


def test_content_that_was_changed(try_: Try) -> None:
    refused(try_, ".", spoil=lambda signed: signed.replace(b"hours = 2", b"hours = 8"))
    refused(try_, ".", spoil=lambda signed: signed[:-100])
    refused(try_, ".", spoil=lambda _: b"")
    refused(try_, "larger", spoil=lambda signed: signed + bytes(MAX_SIGNED_BYTES))


def test_the_grant_of_a_stick_is_found_and_no_more_of_it_is_read_than_a_grant_has(
    tmp_path: Path,
) -> None:
    assert find_grant(tmp_path) is None
    (tmp_path / "SUPPORT.CMS").write_bytes(bytes(10 * MAX_SIGNED_BYTES))
    assert find_grant(tmp_path) == bytes(MAX_SIGNED_BYTES + 1)
