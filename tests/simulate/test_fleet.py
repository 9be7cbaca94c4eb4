"""The fleet without a broker: its certificates, its account, its diary, a life in numbers."""

import io
import json
import math
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from appliance.base.mqtt import BrokerAddress
from appliance.core.problems import KINDS
from services.province.broker.local_broker import LocalBroker
from services.province.ca.ledger import EntryState
from services.simulate.behaviour import (
    HAND_S,
    JOIN_S,
    JOIN_SPREAD_S,
    UPCOMING_S,
    Behaviour,
    SimulatedMeeting,
)
from services.simulate.fleet import SimulatedFleet, issue_certificates, names
from services.simulate.site import BrokerAccess
from services.simulate.tally import EventLog

NOW = 1_800_000_000.0
MEETING = SimulatedMeeting("m", 10_000.0, 13_600.0)


def test_names_are_those_of_sites_and_sort_as_they_count() -> None:
    assert names(3) == ["sim-0001", "sim-0002", "sim-0003"]
    assert names(0) == []
    assert sorted(names(2000)) == names(2000)


def test_who_is_let_in_has_a_certificate_of_the_authority_and_an_entry(tmp_path: Path) -> None:
    choice, folder = LocalBroker(tmp_path / "broker"), tmp_path / "sites"
    issue_certificates(choice, names(2), folder, NOW)
    authority = choice.authority(NOW).certificate
    for site in names(2):
        pem = (folder / f"{site}.pem").read_bytes()
        made = x509.load_pem_x509_certificate(pem)
        made.verify_directly_issued_by(authority)
        (common,) = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert common.value == site
        key = load_pem_private_key(pem, None)
        assert key.public_key() == made.public_key()
        assert 29.9 < (made.not_valid_after_utc.timestamp() - NOW) / 86_400 < 30.1
        assert (folder / f"{site}.pem").stat().st_mode & 0o777 == 0o600
    entries = {entry.site: entry for entry in choice.ledger.entries()}
    assert set(entries) == set(names(2))
    assert {entry.state for entry in entries.values()} == {EntryState.APPROVED}
    assert entries["sim-0001"].number == str(
        x509.load_pem_x509_certificate((folder / "sim-0001.pem").read_bytes()).serial_number
    )


def test_who_was_let_in_keeps_the_certificate_and_who_was_forgotten_gets_another(
    tmp_path: Path,
) -> None:
    choice, folder = LocalBroker(tmp_path / "broker"), tmp_path / "sites"
    issue_certificates(choice, names(2), folder, NOW)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    choice.ledger.forget("sim0002")
    issue_certificates(choice, names(3), folder, NOW)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after["sim-0001.pem"] == before["sim-0001.pem"]
    assert after["sim-0002.pem"] != before["sim-0002.pem"]
    assert sorted(after) == [f"{site}.pem" for site in names(3)]


async def test_who_is_struck_is_counted_by_how_and_written_down(tmp_path: Path) -> None:
    out = io.StringIO()
    where = BrokerAccess(BrokerAddress("127.0.0.1", 1), tmp_path / "ca.pem")
    fleet = SimulatedFleet(where, names(5), tmp_path, event_log=EventLog(out))
    began = time.time()
    fleet.cut_off(fleet.sites[:2], "network")
    fleet.cut_off(fleet.sites[4:], "power")
    account = fleet.account()
    assert (account["sites"], account["lost_network"], account["lost_power"]) == (5, 2, 1)
    assert (account["connected"], account["published"], account["feed_p95_ms"]) == (0, 0, None)
    assert began <= account["struck_at"] <= time.time()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(one["site"], one["what"], one["how"]) for one in lines] == [
        ("sim-0001", "struck", "network"),
        ("sim-0002", "struck", "network"),
        ("sim-0005", "struck", "power"),
    ]
    assert all(began - 0.001 <= one["at"] <= time.time() + 0.001 for one in lines)


@pytest.mark.parametrize(
    ("took", "p95"),
    [([3.0], 3.0), ([2.0, 1.0], 1.0), ([float(n) for n in range(100, 0, -1)], 95.0)],
)
async def test_the_95th_percentile_of_the_feeds_is_of_those_that_were_read(
    tmp_path: Path, took: list[float], p95: float
) -> None:
    fleet = SimulatedFleet(
        BrokerAccess(BrokerAddress("127.0.0.1", 1), tmp_path / "ca.pem"), [], tmp_path
    )
    fleet.tally.feed_ms.extend(took)
    account = fleet.account()
    assert (account["feeds_read"], account["feed_p95_ms"]) == (len(took), p95)


def test_a_diary_without_a_file_says_nothing_and_one_with_it_a_line_each() -> None:
    EventLog().note("a", "health")
    out = io.StringIO()
    diary = EventLog(out)
    diary.note("a", "health", seq=1)
    diary.note("b", "xã", boot="x")
    first, second = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["site"], first["what"], first["seq"]) == ("a", "health", 1)
    assert (second["site"], second["what"], second["boot"]) == ("b", "xã", "x")


lives = st.integers(0, 5000)


@given(lives, st.floats(8_000.0, 15_000.0))
def test_a_life_joins_within_its_minute_and_is_there_until_the_end(site: int, now: float) -> None:
    activity = Behaviour(site).activity(now, MEETING)
    joined_by = MEETING.begin + JOIN_SPREAD_S + JOIN_S
    if joined_by <= now < MEETING.end:
        assert (activity.phase, activity.call, activity.meeting) == ("in meeting", "up", "m")
    elif MEETING.begin - UPCOMING_S <= now < MEETING.begin:
        assert (activity.phase, activity.call, activity.meeting) == ("upcoming", "down", "m")
    elif now >= MEETING.end or now < MEETING.begin - UPCOMING_S:
        assert (activity.phase, activity.call, activity.meeting) == ("idle", "down", "")
    if activity.hand_since:
        assert activity.phase == "in meeting"
        assert activity.hand_since <= now < activity.hand_since + HAND_S


@given(lives, st.floats(0.0, 20_000.0))
def test_nothing_changes_before_it_is_said_to(site: int, now: float) -> None:
    life = Behaviour(site)
    until = life.changes_at(now, MEETING)
    assert until > now
    for share in (0.0, 0.5, 0.999):
        at = now + share * (min(until, 30_000.0) - now)
        assert life.activity(at, MEETING) == life.activity(now, MEETING)
    assert life.changes_at(MEETING.end, MEETING) == math.inf, "it is over"
    assert life.changes_at(now, None) == math.inf
    assert life.activity(now, None).phase == "idle"


@given(lives, st.floats(10_100.0, 13_500.0))
def test_a_call_warms_the_box_and_takes_memory(site: int, now: float) -> None:
    life = Behaviour(site)
    calm, busy = life.figures(now, None), life.figures(now, MEETING)
    assert busy["soc_c"] - calm["soc_c"] == pytest.approx(14.0, abs=0.11)
    assert calm["memory_free_mb"] - busy["memory_free_mb"] == pytest.approx(450, abs=1.1)
    assert 40.0 < calm["soc_c"] < 62.0
    assert 70.0 <= calm["data_free_percent"] <= 97.0
    assert all(math.isfinite(value) for value in busy.values())


def test_an_illness_is_one_of_the_products_problems_in_both_languages() -> None:
    ill = [alarm for site in range(300) for alarm in Behaviour(site).alarms(NOW)]
    assert 15 < len(ill) < 70
    by_key = {kind.value: KINDS[kind] for kind in KINDS}
    for alarm in ill:
        kind = by_key[alarm.key]
        assert (alarm.code, alarm.severity, alarm.since) == (kind.code, kind.severity, NOW)
        assert alarm.text["en"] == kind.text
        assert alarm.text["vi"] != alarm.text["en"]
