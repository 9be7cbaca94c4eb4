"""Claim codes and the bounds of what is asked and answered to come by a certificate."""

import hashlib
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.desired import Desired
from appliance.wire.enrolment import (
    ALPHABET,
    MAX_PEM_LENGTH,
    EnrolAnswer,
    EnrolRequest,
    EnrolState,
    RenewRequest,
    claim_code,
    claim_link,
    plain_claim,
    signed_part,
)
from appliance.wire.fields import Fields, WireError
from appliance.wire.report_id import ReportId
from tests.wire.golden import STORABLE

ENROL = {"site": "ia-kly", "csr": "c"}
RENEW = {"certificate": "x", "csr": "c", "signature": "s"}


def test_a_claim_code_is_forty_bits_of_the_sha_256_in_base_32() -> None:
    """Computed by hand from RFC 4648's bits: 5 bytes, most significant bit first, 8 letters."""
    for key in (b"", b"key", b"another key"):
        bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(key).digest()[:5])
        letters = [ALPHABET[int(bits[at : at + 5], 2)] for at in range(0, 40, 5)]
        assert claim_code(key) == "".join([*letters[:4], "-", *letters[4:]])


def test_no_two_letters_of_a_code_are_mistaken_for_each_other() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("01IO")
    assert set(ALPHABET) <= set(string.ascii_uppercase + string.digits)


@given(st.binary(max_size=40), st.lists(st.sampled_from(" -.\t"), min_size=9, max_size=9))
def test_a_code_is_known_however_it_is_typed(key: bytes, between: list[str]) -> None:
    code = claim_code(key)
    typed = "".join(letter + gap for letter, gap in zip(code.lower(), between, strict=True))
    assert plain_claim(typed) == code
    assert plain_claim(code.replace("-", "")) == code


@pytest.mark.parametrize(
    ("typed", "plain"),
    [("", "-"), ("abc", "ABC-"), ("ABCD2345X", "ABCD-2345X"), ("--a--", "A-")],
)
def test_what_is_no_code_matches_none(typed: str, plain: str) -> None:
    assert plain_claim(typed) == plain


def test_a_link_names_the_page_and_the_code() -> None:
    assert claim_link("https://tinh.vn", "7KQF-M2XH") == "https://tinh.vn/devices?claim=7KQF-M2XH"
    assert claim_link("", "7KQF-M2XH") == claim_link("https://tinh.vn", "") == ""


def test_what_the_old_key_signs_is_of_no_other_use() -> None:
    assert signed_part("PEM") == b"diemcau renewal 1\nPEM"


def payload(values: dict[str, Any], **change: Any) -> bytes:
    """Its JSON with this change; None leaves a field out."""
    changed = {k: v for k, v in {**values, **change}.items() if v is not None}
    return json.dumps(changed).encode()


@pytest.mark.parametrize(
    ("field", "most"), [("csr", MAX_PEM_LENGTH), ("serial", 64), ("model", 100)]
)
def test_the_bounds_of_a_request(field: str, most: int) -> None:
    asked = EnrolRequest.parse(payload(ENROL, **{field: "x" * most}))
    assert getattr(asked, field) == "x" * most
    with pytest.raises(WireError, match=f"^{field} is .* at most {most} letters"):
        EnrolRequest.parse(payload(ENROL, **{field: "x" * (most + 1)}))


@pytest.mark.parametrize("site", ["a", "9", "ia-kly", "a" * 63])
def test_the_site_of_a_request(site: str) -> None:
    assert EnrolRequest.parse(payload(ENROL, site=site)).site == site


@pytest.mark.parametrize("site", ["", "-a", "Ia-Kly", "a" * 64, "a/b", "#", "a\n", "xã", None, 5])
def test_what_is_no_site_asks_in_vain(site: object) -> None:
    with pytest.raises(WireError, match=r"^site "):
        EnrolRequest.parse(payload(ENROL, site=site))


@pytest.mark.parametrize(
    ("field", "most"),
    [("certificate", MAX_PEM_LENGTH), ("csr", MAX_PEM_LENGTH), ("signature", 400), ("serial", 64)],
)
def test_the_bounds_of_a_renewal(field: str, most: int) -> None:
    asked = RenewRequest.parse(payload(RENEW, **{field: "x" * most}))
    assert getattr(asked, field) == "x" * most
    assert RenewRequest.parse(asked.payload) == asked
    wrongs: list[object] = ["x" * (most + 1), 5, None if field != "serial" else []]
    for wrong in wrongs:
        with pytest.raises(WireError, match=f"^{field} "):
            RenewRequest.parse(payload(RENEW, **{field: wrong}))


@pytest.mark.parametrize("state", EnrolState)
def test_each_answer_is_read_as_it_was_written(state: EnrolState) -> None:
    answer = EnrolAnswer(state, "PEM", "unknown-site")
    assert EnrolAnswer.parse(answer.payload) == answer
    assert json.loads(answer.payload)["state"] == state.value
    assert EnrolAnswer.parse(payload({"state": state.value})) == EnrolAnswer(state)


@pytest.mark.parametrize("state", ["", "Approved", "APPROVED", "approved ", None, 1, ["approved"]])
def test_nothing_else_lets_a_device_in(state: object) -> None:
    with pytest.raises(WireError, match=r"^state "):
        EnrolAnswer.parse(payload({"certificate": "PEM"}, state=state))


wishes = st.builds(
    Desired, st.floats(0, 1e11), st.integers(0, 2**53 - 1), st.text(STORABLE, max_size=60),
    st.integers(0, 2**53 - 1), *[st.text(STORABLE, max_size=60)] * 3,
)  # fmt: skip


@given(wishes, wishes)
def test_of_two_wishes_the_one_of_the_later_change_counts(one: Desired, two: Desired) -> None:
    assert Desired.parse(one.payload) == one
    assert one.after(None)
    assert one.after(two) is (one.seq >= two.seq)
    if one.seq != two.seq:
        assert one.after(two) != two.after(one)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"at": 1e11}, ""), ({"at": 1.01e11}, "at is "), ({"at": -0.001}, "at is "),
        ({"seq": 2**53 - 1}, ""), ({"seq": -1}, "seq is "), ({"boot_id": "a" * 64}, ""),
        ({"boot_id": "a" * 65}, "boot_id is "), ({"boot_id": "a\n"}, "boot_id is "),
        ({"boot_id": "a/b"}, "boot_id is "), ({"boot_id": "A.b_9-"}, ""),
    ],
)  # fmt: skip
def test_the_bounds_of_a_reports_id(change: dict[str, Any], told: str) -> None:
    values: dict[str, Any] = {"at": 1.0, "boot_id": "b", "seq": 1, **change}
    if not told:
        assert ReportId.of(Fields(values)).values == values
        return
    with pytest.raises(WireError, match=f"^{told}"):
        ReportId.of(Fields(values))
