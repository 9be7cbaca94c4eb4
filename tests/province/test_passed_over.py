"""What is passed over: counted, in the audit log and on the console; a part that fails runs on."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, update

from appliance.wire.alarm import Alarm
from appliance.wire.report import Hand, Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming, UnstorableError
from services.province.fleet.agenda_notifier import AgendaNotifier
from services.province.fleet.metrics import exposition, figures
from services.province.fleet.report_writer import write_reports
from services.province.history.recording import ROWS
from services.province.history.retention import Retention
from services.province.passed_over import MAX_ROWS, MAX_WAITING, OTHERS, Part, PassedOverLog, listed
from services.province.storage.database import Database
from services.province.storage.history_tables import AlarmEpisode, SiteEvent
from services.province.storage.tables import AuditEntry, LastReport, PassedOver, Place
from services.province.supervision import PROGRAM, RunningMark, supervisor
from tests.fast_loop import play
from tests.province.in_process import NOON, House, draft

pytestmark = pytest.mark.case("K7")


def log_of(house: House) -> PassedOverLog:
    return PassedOverLog(house.database, now=lambda: house.now)


def test_it_is_counted_by_subject_and_shown(house: House) -> None:
    house.communes("ia-kly")
    passed_over = log_of(house)
    for number in range(500):
        passed_over.note(Part.REPORTS, "ia-kly/health", f"reason \ud800 {number}\u202e")
    passed_over.note(Part.FAILED, "room monitor", "KeyError: 'a'")
    passed_over.write()
    house.now += 600
    passed_over.note(Part.REPORTS, "ia-kly/health", "the last")
    passed_over.write()
    with house.database.reading() as session:
        newest = listed(session)[0]
        assert (newest.count, newest.reason, newest.first_at) == (501, "the last", NOON)
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "passed over")).all()
        assert sorted(line.subject for line in lines) == [
            "failed: room monitor", "reports: ia-kly/health",
        ]  # fmt: skip
        said = exposition(figures(session, house.now)).decode()
    assert 'diemcau_passed_over_total{part="reports"} 501.0' in said
    assert 'diemcau_passed_over_total{part="failed"} 1.0' in said
    person = house.person("xem", Role.OPERATOR)
    page = person.get("/passed-over").text
    for word in ("501 lần", "ia-kly/health", "the last", "room monitor"):
        assert word in page
    assert 'href="/passed-over"' in person.get("/").text
    assert "Bị bỏ qua trong một ngày" in person.get("/").text
    house.now += 2 * 86_400
    assert "Bị bỏ qua trong một ngày" not in house.person("mai", Role.VIEWER).get("/").text


def test_however_much_is_passed_over_it_stays_bounded(house: House) -> None:
    passed_over = log_of(house)
    for turn in range(MAX_ROWS // MAX_WAITING + 1):
        for number in range(MAX_WAITING + 10):
            house.now += 1e-3
            passed_over.note(Part.ENROLMENT, f"10.{turn}.0.{number}", "x" * 1000)
        passed_over.write()
    with house.database.reading() as session:
        rows = listed(session)
    assert len(rows) <= MAX_ROWS
    assert next(row.count for row in rows if row.subject == OTHERS) >= 10
    assert all(len(row.reason) <= 300 for row in rows)


async def test_what_the_database_does_not_take_now_is_written_later(house: House) -> None:
    passed_over = log_of(house)
    broken = Database("sqlite:////nowhere/at/all.db")
    good, passed_over._database = passed_over._database, broken
    passed_over.note(Part.FLOOR, "m", "first")
    passed_over.write()
    passed_over.note(Part.FLOOR, "m", "second")
    passed_over._database = good
    running = asyncio.create_task(passed_over.run())
    await asyncio.sleep(0)
    running.cancel()  # the end writes once more
    with pytest.raises(asyncio.CancelledError):
        await running
    with good.reading() as session:
        assert [(row.count, row.reason) for row in listed(session)] == [(2, "second")]


@pytest.mark.case("K8")
def test_a_site_that_floods_is_named_on_its_page_for_a_while(house: House) -> None:
    house.communes("hung-du", "ia-kly")
    for site in ("hung-du", "ia-kly"):
        house.reports(site, 1)
    passed_over = log_of(house)
    passed_over.note(Part.FLOOD, "hung-du", "more than it may")
    passed_over.note(Part.FLOOD, "nobody", "more than it may")
    passed_over.write()
    person = house.person("xem", Role.VIEWER)
    assert "Điểm cầu gửi quá nhiều báo cáo" in person.get("/sites/hung-du").text
    assert "Điểm cầu gửi quá nhiều báo cáo" in person.get("/alarms").text
    assert "Điểm cầu gửi quá nhiều báo cáo" not in person.get("/sites/ia-kly").text
    house.now += 3600
    house.reports("hung-du", 2)
    assert "Điểm cầu gửi quá nhiều báo cáo" not in person.get("/sites/hung-du").text


@pytest.mark.case("K8")
def test_the_rows_that_a_site_may_add_to_history_are_bounded(house: House) -> None:
    house.communes("hung-du", "ia-kly")
    told: list[str] = []
    store = write_reports(house.database, lambda _, site, why: told.append(site))

    def report(site: str, number: int, alarms: int) -> Incoming:
        many = tuple(Alarm(f"k{number}-{n}", "B1", 2, NOON) for n in range(alarms))
        facts = {"reboot": "power"}
        health = Health(ReportId(NOON + number, f"boot-{number}", number), many, {}, facts)
        return Incoming(site, Kind.HEALTH, health, NOON + number)

    for first in range(0, 100, 20):
        batch = [report("hung-du", first + n, 40) for n in range(20)]
        store([*batch, report("ia-kly", first, 1)])
    with house.database.reading() as session:
        for site, most in (("hung-du", ROWS.burst + 10), ("ia-kly", 20)):
            episodes = session.scalars(select(AlarmEpisode).where(AlarmEpisode.site_id == site))
            events = session.scalars(select(SiteEvent).where(SiteEvent.site_id == site))
            assert 5 <= len(episodes.all()) + len(events.all()) <= most
        kept = session.get_one(LastReport, ("hung-du", "health"))
        assert len(kept.state["alarms"]) == 20
    assert set(told) == {"hung-du"}


def test_a_report_that_the_database_takes_for_wrong_is_said_to_be(house: House) -> None:
    house.communes("ia-kly")
    store = write_reports(house.database)
    for wrong in (
        Health(ReportId(NOON, "b", 2**70)),
        Health(ReportId(NOON, "\ud800", 1)),
        Health(ReportId(NOON, "b", 1), facts={"reboot": "\ud800"}),
        Hand(ReportId(NOON, "b", 1), up=True, meeting=object()),  # type: ignore[arg-type]
    ):
        with pytest.raises(UnstorableError):
            store([Incoming("ia-kly", Kind.HEALTH, wrong, NOON)])
    store([Incoming("ia-kly", Kind.HEALTH, Health(ReportId(NOON, "b", 1)), NOON)])


def test_a_part_that_fails_is_told_and_without_memory_the_program_ends() -> None:
    told: list[tuple[Part, str, str]] = []
    errors = iter((KeyError("a"), OSError("port"), ExceptionGroup("", [MemoryError()])))

    async def part() -> None:
        raise next(errors)

    async def story() -> None:
        with pytest.raises(ExceptionGroup) as caught:
            await supervisor(lambda *words: told.append(words)).keep("notifier", part)
        assert caught.group_contains(MemoryError)

    play(story())
    assert told == [
        (Part.FAILED, "notifier", "KeyError: 'a'"),
        (Part.FAILED, "notifier", "OSError: port"),
    ]


def test_a_program_that_fell_is_told_of_at_its_next_start(tmp_path: Path) -> None:
    told: list[tuple[Part, str]] = []
    mark = RunningMark(tmp_path / "running")
    for ends in (True, False, True, True):
        mark.begin(lambda part, subject, _: told.append((part, subject)))
        if ends:
            mark.end()
    assert told == [(Part.ENDED, PROGRAM)]


def test_a_meeting_that_cannot_be_read_costs_its_own_notices(house: House) -> None:
    """Its place is below itself, which no form makes."""
    house.communes("ia-kly")
    upper, lower = house.place("Gia Lai", "Khu A"), house.place("Gia Lai", "Khu A", "Xã B")
    told: list[tuple[Part, str]] = []
    notifier = AgendaNotifier(
        house.database, lambda _: asyncio.sleep(0), now=lambda: house.now,
        tell=lambda part, one, why: told.append((part, f"{one}: {why[:14]}")),
    )  # fmt: skip
    seen, none = notifier._look(None)
    assert none == set()
    broken = house.meeting(draft({upper}))
    house.meeting(draft({house.place("Gia Lai", "Xã ia-kly")}))
    with house.database.writing() as session:
        session.execute(update(Place).where(Place.id == upper).values(parent_id=lower))
    assert notifier._look(seen)[1] == {"ia-kly"}
    assert told == [(Part.NOTICES, f"meeting {broken}: RecursionError")]


def test_a_minute_that_cannot_be_condensed_keeps_nothing_else_from_being_pruned(
    house: House,
) -> None:
    told: list[str] = []
    retention = Retention(
        house.database, now=lambda: house.now, tell=lambda part, one, why: told.append(one)
    )
    due = retention._due
    retention._due = lambda now: range(1, 0, 0)  # type: ignore[method-assign]
    with house.database.writing() as session:
        session.add(PassedOver(part="a", subject="b", count=1, reason="", first_at=1, last_at=1))
    assert retention.run_once()
    assert told == ["hours"]
    retention._due = due  # type: ignore[method-assign]
    assert retention.run_once()
    assert threading.active_count() > 0
