"""Who is not in yet: coming at its own moment, or late; by figures, and on the first page."""

from typing import Any

import pytest

from appliance.core.redial import POWER_SPREAD_S, own_doors, power_delay
from services.province.accounts import Role
from services.province.fleet.arrivals import LATE, LATE_AFTER_S, expected
from services.province.fleet.overview import Overview, overview
from services.province.fleet.readiness import LastTest, LatestReport, SiteStatus, State, site_status
from services.province.floor.ended import end_meeting, take_up_again
from services.province.floor.participants import OccurrenceKey
from services.province.storage.database import Database
from tests.province.in_process import NOON, House, draft

SITES = [f"xa-{number:03d}" for number in range(135)]
BEGIN = NOON + 600.0
DOORS_S = 600.0
GOOD = LastTest(NOON, "good")
COMES = expected("xa-001", BEGIN, DOORS_S)


def status(at: float, phase: str = "joining", presence_at: float = NOON, **more: Any) -> SiteStatus:
    """Of the site xa-001 that reports right now."""
    states: dict[str, dict[str, Any]] = {"health": {"alarms": []}, "meeting": {"phase": phase}}
    states["meeting"] |= more
    reports = {kind: LatestReport(at, at, state) for kind, state in states.items()}
    reports["presence"] = LatestReport(presence_at, presence_at, {"online": True})
    return site_status(reports, at, close=True, test=GOOD, arrival=COMES)


def test_the_province_knows_each_sites_own_moment_as_the_site_does() -> None:
    assert COMES.at == BEGIN - own_doors(DOORS_S, "xa-001")
    moments = sorted(expected(site, BEGIN, DOORS_S).at for site in SITES)
    assert NOON <= moments[0] < moments[-1] < NOON + DOORS_S / 2


def test_a_site_is_coming_until_a_minute_after_its_moment_and_then_late() -> None:
    assert status(COMES.at - 60.0, "upcoming").state is State.COMING
    assert status(COMES.at + LATE_AFTER_S - 1.0).state is State.COMING
    late = status(COMES.at + LATE_AFTER_S + 5.0)
    assert late.state is State.LATE
    (reason,) = late.reasons
    assert reason.text == LATE
    assert reason.age_s == pytest.approx(LATE_AFTER_S + 5.0)
    assert status(COMES.at + 400.0, "in meeting").state is State.MEETING


def test_after_a_power_cut_it_is_coming_within_its_half_minute_anew() -> None:
    back = COMES.at + 900.0
    wait = power_delay("xa-001", 20.0, 900.0)
    assert 0.0 <= wait < POWER_SPREAD_S
    assert status(back + 5.0, presence_at=back).state is State.COMING
    assert status(back + wait + LATE_AFTER_S - 1.0, presence_at=back).state is State.COMING
    assert status(back + wait + LATE_AFTER_S + 1.0, presence_at=back).state is State.LATE


def test_who_was_taken_out_by_hand_or_comes_back_is_not_late() -> None:
    at = COMES.at + 500.0
    assert status(at, "idle", period="left").state is State.READY
    assert status(at, "rejoining").state is State.COMING


@pytest.fixture
def large(house: House) -> House:
    """135 tested sites are invited to a meeting in ten minutes."""
    house.communes(*SITES)
    house.tested(*SITES)
    house.meeting(draft(begin=BEGIN, doors_s=DOORS_S, places={house.place("Gia Lai")}))
    return house


def lives(house: House, minute: int, at: float, silent: set[str], broken: set[str]) -> Overview:
    """All report at `at`: who has had its moment is in, but for the broken ones."""
    house.now = at
    for site in SITES:
        if site in silent:
            continue
        due = expected(site, BEGIN, DOORS_S).at + 3.0 <= at
        phase = "joining" if site in broken and due else "in meeting" if due else "upcoming"
        house.reports(site, 1000 * minute + 1, alarms=[])
        house.reports(site, 1000 * minute + 2, "meeting", phase=phase, meeting="m")
    with house.database.reading() as session:
        return overview(session, at)


def test_at_135_spread_is_no_trouble_and_the_late_ones_stand_first(
    large: House, database: Database
) -> None:
    """Two minutes into the doors nobody lacks anything; at four the two that hang are named."""
    del database
    order = sorted(SITES, key=lambda site: expected(site, BEGIN, DOORS_S).at)
    hang = {order[3], order[10]}
    seen = lives(large, 1, NOON + 120.0, set(), set())
    there = sum(expected(site, BEGIN, DOORS_S).at + 3.0 <= NOON + 120.0 for site in SITES)
    assert 30 < there < 80
    assert (seen.counts[State.MEETING], seen.counts[State.COMING]) == (there, 135 - there)
    assert not seen.needing
    assert not seen.all_ready
    assert seen.coming_until == expected(order[-1], BEGIN, DOORS_S).at
    seen = lives(large, 2, NOON + 240.0, set(), hang)
    assert {row.site.id for row in seen.needing} == hang
    assert seen.counts[State.LATE] == 2
    page = large.person("xem", Role.VIEWER).get("/").text
    assert "muộn, chưa vào" in page
    assert "Lẽ ra đã vào họp từ 3 phút trước." in page
    assert "Các điểm cầu lần lượt vào, điểm cuối lúc 11:44. Không cần làm gì." in page
    assert seen.meeting is not None
    with large.database.writing() as session:
        end_meeting(session, seen.meeting, large.now, "chủ tọa")
        after = overview(session, large.now)
        assert (after.counts[State.LATE], after.counts[State.COMING]) == (0, 0)
        assert take_up_again(session, OccurrenceKey(seen.meeting.meeting_id, seen.meeting.instance))
    seen = lives(large, 3, NOON + 590.0, {order[0]}, hang)
    assert (seen.counts[State.COMING], seen.coming_until) == (0, None)
    assert (seen.counts[State.SILENT], seen.counts[State.LATE]) == (1, 2)
    assert seen.counts[State.MEETING] == 132
