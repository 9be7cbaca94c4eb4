"""What the province answers to a request for a certificate, and what it forgets."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.enrolment import EnrolRequest, EnrolState, claim_code, plain_claim
from services.health.credentials import request
from services.province.ca.authority import Authority
from services.province.ca.enrolment import MAX_PENDING_S, Enrolment, EnrolmentError, Refusal
from services.province.ca.ledger import FolderLedger

SITE = "ia-kly"


def enrolment(folder: Path) -> Enrolment:
    return Enrolment(Authority.make(0.0), FolderLedger(folder))


def asks(site: str = SITE) -> EnrolRequest:
    key = ec.generate_private_key(ec.SECP256R1())
    return EnrolRequest(site, request(key, site, "1").decode(), "1")


def test_a_request_that_is_not_repeated_is_forgotten_after_a_day(tmp_path: Path) -> None:
    one, request_ = enrolment(tmp_path), asks()
    one.ask(request_, 0.0)
    one.ask(request_, MAX_PENDING_S)
    (entry,) = one.pending(2 * MAX_PENDING_S)
    assert entry.asked_at == 0.0
    assert one.pending(2 * MAX_PENDING_S + 1) == []
    with pytest.raises(EnrolmentError, match="no device waits"):
        one.approve(entry.claim, 2 * MAX_PENDING_S + 1, by="a test")


@pytest.mark.parametrize("csr", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END "])
def test_rubbish_is_refused(tmp_path: Path, csr: str) -> None:
    answer = enrolment(tmp_path).ask(EnrolRequest(SITE, csr), 0.0)
    assert (answer.state, answer.detail) == (EnrolState.REFUSED, Refusal.BAD_REQUEST)


def test_a_request_with_a_key_that_it_has_not_is_refused(tmp_path: Path) -> None:
    pem = asks().csr
    lines = pem.splitlines()
    lines[-2] = lines[-2][:-6] + ("AAAA==" if not lines[-2].endswith("AAAA==") else "BBBB==")
    answer = enrolment(tmp_path).ask(EnrolRequest(SITE, "\n".join(lines)), 0.0)
    assert answer.state is EnrolState.REFUSED


def test_the_code_is_the_keys_and_can_be_said_over_the_telephone() -> None:
    codes = {claim_code(bytes([number])) for number in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 9 and not set(code) & set("01IO") for code in codes)
    assert plain_claim(" 7kqf m2xh ") == "7KQF-M2XH"
