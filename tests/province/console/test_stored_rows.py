"""Whatever stands in an old database: every page opens, and the other sites are shown beside it."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, text

from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming
from services.province.fleet.metrics import exposition, figures
from services.province.fleet.report_writer import write_reports
from services.province.floor.sip_participants import has_floor, reported_participants
from services.province.storage.database import Database
from services.province.storage.history_tables import AlarmEpisode, SiteEvent
from services.province.storage.tables import AuditEntry, LastReport
from tests.province.in_process import NOON, House, draft

pytestmark = pytest.mark.case("K7")
ALARM = {"key": "hot", "code": "B1", "severity": 2, "since": NOON, "text": {"vi": "Nóng"}}
STATES: Mapping[str, Any] = {
    "half a letter": {"alarms": [ALARM | {"text": {"vi": "a\ud800"}, "detail": "\udfff"}]},
    "zero byte": {"alarms": [ALARM | {"text": {"vi": "a\0b"}}], "facts": {"\0": "\0"}},
    "direction": {"alarms": [ALARM | {"text": {"vi": "\u202eevil\u202c"}}]},
    "alarms of other kinds": {"alarms": [1, None, "x", [], {}, {"severity": "high"}]},
    "no list": {"alarms": {"a": 1}},
    "severity": {"alarms": [ALARM | {"severity": 99}, ALARM | {"severity": True}]},
    "times": {"alarms": [ALARM | {"since": 1e300}, ALARM | {"since": -1e18}]},
    "no object": [1, 2],
    "a text": "\ud800",
    "nothing": None,
    "figures": {"figures": {"soc_c": "hot"}, "facts": {"release": 5}},
}
PAGES = ("/", "/sites", "/sites/ill", "/sites/ill?days=90", "/alarms", "/meetings", "/audit")
KINDS = ("health", "presence", "meeting", "hand", "update", "identity", "something else")


def keep(database: Database, site: str, kind: str, state: Any, at: float = NOON) -> None:
    """As a former release kept it: no reader of ours is asked."""
    statement = text(
        "INSERT INTO last_reports (site_id, kind, at, boot_id, previous_boot, seq, state,"
        " received_at) VALUES (:site, :kind, :at, 'a', '', 1, :state, :received)"
    )
    with database.writing() as session:
        values = {
            "site": site,
            "kind": kind,
            "at": at,
            "state": json.dumps(state),
            "received": NOON,
        }
        session.execute(statement, values)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_report_of_any_kind(house: House, state: Any) -> None:
    house.communes("ill", "well")
    house.reports("well", 1, alarms=[ALARM | {"text": {"vi": "Camera của Well"}}])
    for kind in KINDS:
        keep(house.database, "ill", kind, state)
    person = house.person("xem", Role.ADMINISTRATOR)
    meeting = house.meeting(
        draft({house.place("Gia Lai")}, begin=NOON, address="sip:7@mcu.example")
    )
    for path in (*PAGES, f"/floor/{meeting}/{NOON:.0f}", f"/meetings/{meeting}"):
        answer = person.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
    with house.database.reading() as session:
        assert not reported_participants(session, {"Xã ill": "ill"}, "m", NOON)
        assert not has_floor(session, "ill", "m")
    assert "Camera của Well" in person.get("/alarms").text
    assert "\u202e" not in person.get("/alarms").text


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_next_report_takes_its_place(house: House, state: Any) -> None:
    """PostgreSQL could not read the row before, so the whole batch was tried for ever."""
    house.communes("ill", "well")
    keep(house.database, "ill", "health", state)
    newest = [
        Incoming(site, Kind.HEALTH, Health(ReportId(NOON + 60, "a", 2)), NOON + 60)
        for site in ("ill", "well")
    ]
    write_reports(house.database)(newest)
    with house.database.reading() as session:
        kept = session.scalars(select(LastReport.seq).where(LastReport.kind == "health")).all()
    assert list(kept) == [2, 2]


@pytest.mark.parametrize("at", [1e11, 1e18, 1e300, -1e18, math.inf])
def test_a_time_that_no_calendar_has(house: House, at: float) -> None:
    house.communes("ill")
    keep(house.database, "ill", "health", {"alarms": [ALARM]}, at)
    with house.database.writing() as session:
        session.add(episode(began_at=at))
        session.add(episode(began_at=at, ended_at=at))
        session.add(SiteEvent(site_id="ill", kind="start", name="x", at=at, detail="\u202e"))
        session.add(SiteEvent(site_id="ill", kind="self-test", name="x", at=at, detail="none"))
    person = house.person("xem", Role.ADMINISTRATOR)
    for path in PAGES:
        assert person.get(path).status_code == 200, path


def test_episodes_and_lines_of_the_audit_log(house: House) -> None:
    house.communes("ill")
    with house.database.writing() as session:
        session.add(episode(severity=99, text={"vi": "\ud800"}))
        session.add(episode(severity=-1, text={"vi": 5}, ended_at=NOON - 5, helper="\u202e"))
        session.add(episode(text={}, key="", code="", ended_at=NOON - 5))
        session.add(
            AuditEntry(
                at=NOON, account="\u202e", action="\u200b", subject="x", address="",
                detail={"a": "\ud800", "b": ["\0"], "c": None},
            )
        )  # fmt: skip
    person = house.person("xem", Role.ADMINISTRATOR)
    for path in PAGES:
        assert person.get(path).status_code == 200, path


def episode(**changes: Any) -> AlarmEpisode:
    values = {
        "site_id": "ill", "key": "hot", "code": "B1", "severity": 2, "text": {"vi": "Nóng"},
        "detail": "", "began_at": NOON - 60, "ended_at": None, "helper": "",
    }  # fmt: skip
    return AlarmEpisode(**(values | changes))


def test_the_metrics_count_on(house: House) -> None:
    house.communes("ill", "well")
    house.reports("well", 1)
    house.tested("well")
    keep(house.database, "ill", "health", {"alarms": [ALARM | {"detail": "\0\ud800"}]})

    with house.database.reading() as session:
        said = exposition(figures(session, NOON)).decode()
    assert 'diemcau_sites{state="ready"} 1.0' in said
    assert 'diemcau_site_alarms{severity="2",site="ill"} 1.0' in said
