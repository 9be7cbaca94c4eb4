"""More made-up requests for certificates than there is room for: a real box gets in."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.wire.enrolment import EnrolRequest, EnrolState, claim_code
from services.health.credentials import request
from services.province.ca import enrolment as rules
from services.province.ca.authority import Authority
from services.province.ca.enrolment import MAX_PENDING_EACH, Enrolment
from services.province.ca.keys import der, requested_key
from services.province.ca.ledger import FolderLedger
from services.province.passed_over import Part
from tests.province.console.devices import device

pytestmark = pytest.mark.case("K12")
MOST = 60
"""In the place of a thousand, which take half a minute."""
NOON = 1_773_290_400.0


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make(NOON)


@pytest.fixture(scope="module")
def made_up() -> list[EnrolRequest]:
    return [device(f"x-{number}") for number in range(MAX_PENDING_EACH + 50)]


def waits(one: Enrolment, asked: EnrolRequest, now: float) -> bool:
    key = requested_key(asked.csr)
    assert key is not None
    return claim_code(der(key)) in {entry.claim for entry in one.pending(now)}


def test_one_address_has_its_share(
    tmp_path: Path, authority: Authority, made_up: list[EnrolRequest]
) -> None:
    told: list[tuple[Part, str]] = []
    one = Enrolment(
        authority, FolderLedger(tmp_path), tell=lambda part, whom, _: told.append((part, whom))
    )
    real, bench = device("ia-kly"), device("ia-o")
    one.ask(real, NOON, "10.0.0.1")
    one.ask(bench, NOON, "2001:db8::1")
    for number, asked in enumerate(made_up):
        now = NOON + number / 100
        assert one.ask(asked, now, f"2001:db8::{number:x}").state is EnrolState.PENDING
    later = NOON + 40
    assert waits(one, real, later)
    assert len(one.pending(later)) == 1 + MAX_PENDING_EACH
    assert set(told) == {(Part.ENROLMENT, "2001:db8::/64")}
    # A box behind the same address is back with its next request, ten seconds later at the most.
    assert not waits(one, bench, later)
    assert one.ask(bench, later, "2001:db8::1").state is EnrolState.PENDING
    assert waits(one, bench, later)


@pytest.mark.parametrize("addresses", [True, False])
def test_of_too_many_the_oldest_give_way(
    tmp_path: Path, authority: Authority, made_up: list[EnrolRequest], *, addresses: bool
) -> None:
    """From as many addresses, or as after a restart, when nobody knows whence they came."""
    one = Enrolment(authority, FolderLedger(tmp_path), most=MOST)
    real = device("ia-kly")
    one.ask(real, NOON, "10.0.0.1")
    for number, asked in enumerate(made_up):
        now = NOON + number / 2
        one.ask(asked, now, f"10.1.{number}.9" if addresses else "")
        if number % 20 == 19:  # as a box does, each ten seconds
            assert one.ask(real, now, "10.0.0.1").state is EnrolState.PENDING
    later = NOON + 200
    assert len(one.pending(later)) <= MOST
    assert waits(one, real, later)
    last = device("ia-dom")
    assert one.ask(last, later, "10.0.0.3").state is EnrolState.PENDING
    key = requested_key(last.csr)
    assert key is not None
    assert one.approve(claim_code(der(key)), later, by="a test").site == "ia-dom"
    assert one.ask(last, later, "10.0.0.3").state is EnrolState.APPROVED


def test_what_is_repeated_is_not_written_each_time(tmp_path: Path, authority: Authority) -> None:
    ledger = FolderLedger(tmp_path)
    one, real = Enrolment(authority, ledger), device("ia-kly")
    one.ask(real, NOON, "10.0.0.1")
    version = ledger.version()
    for second in range(int(rules.SEEN_INTERVAL_S)):
        one.ask(real, NOON + second, "10.0.0.1")
    assert ledger.version() == version
    one.ask(real, NOON + rules.SEEN_INTERVAL_S + 1, "10.0.0.1")
    assert ledger.version() != version
    renamed = EnrolRequest("ia-o", real.csr)
    one.ask(renamed, NOON + rules.SEEN_INTERVAL_S + 2, "10.0.0.1")
    assert [entry.site for entry in one.pending(NOON + 60)] == ["ia-o"]


def test_a_file_that_another_copy_changed_is_read_anew(
    tmp_path: Path, authority: Authority
) -> None:
    one = Enrolment(authority, FolderLedger(tmp_path))
    other = Enrolment(authority, FolderLedger(tmp_path))
    key = ec.generate_private_key(ec.SECP256R1())
    one.ask(EnrolRequest("ia-kly", request(key, "ia-kly", "1").decode()), NOON)
    (entry,) = other.pending(NOON)
    assert other.approve(entry.claim, NOON, by="a test").site == "ia-kly"
    assert one.pending(NOON) == []
