"""Reports into history and out of it, on both databases: once each, where they belong, bounded."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, select

from appliance.wire.alarm import Alarm
from appliance.wire.report import Health, Presence
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming
from services.province.fleet.report_writer import write_reports
from services.province.history.retention import Retention
from services.province.history.series import SPANS, Step, share_heard, steps_of
from services.province.storage.database import Database
from services.province.storage.history_tables import (
    HOURS,
    KEEP_EVENTS_S,
    KEEP_HOURS_S,
    KEEP_MINUTES_S,
    MINUTES,
    AlarmEpisode,
    Hour,
    Minute,
    SiteEvent,
)
from services.province.storage.partitions import ensure_partitions, partitions, try_exclusive
from tests.province.in_process import NOON, House
from tests.province.recorded_history import store

DAY_S, HOUR_S = 86_400, 3600
HOT = Alarm("hot", "B1", 2, NOON, "84.2 °C", {"vi": "Nóng", "en": "Hot"})
NO_TIME = Alarm("clock", "G1", 3, 5.0)


def said(at: float, received_at: float | None = None, **fields: object) -> Incoming:
    report_id = ReportId(at, str(fields.pop("boot", "a")), int(at * 1000) % 10**12)
    health = replace(Health(report_id), **fields)  # type: ignore[arg-type]
    return Incoming("ia-kly", Kind.HEALTH, health, at if received_at is None else received_at)


def at_once(works: Sequence[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result(60)


@pytest.fixture
def site(house: House) -> House:
    house.communes("ia-kly")
    return house


def minutes(house: House) -> list[tuple[float, bool, float | None]]:
    with house.database.reading() as session:
        rows = session.scalars(select(Minute).order_by(Minute.at))
        return [(row.at - NOON, row.late, row.soc_c) for row in rows]


def episodes(house: House) -> list[tuple[str, float, float | None, str]]:
    with house.database.reading() as session:
        rows = session.scalars(select(AlarmEpisode).order_by(AlarmEpisode.id))
        return [
            (row.key, row.began_at - NOON, row.ended_at and row.ended_at - NOON, row.helper)
            for row in rows
        ]


def steps(house: House, days: int, now: float) -> list[Step]:
    with house.database.reading() as session:
        return steps_of(session, "ia-kly", SPANS[days], now, offset_s=7 * HOUR_S)


def test_a_minute_is_one_row_however_often_and_late_it_comes(site: House) -> None:
    store = write_reports(site.database)
    batch = [said(NOON + second, figures={"soc_c": 50.0 + second}) for second in range(0, 180, 10)]
    store(batch)
    for again in (batch, batch[::-1], batch[3:5]):
        store([replace(one, received_at=NOON + 900.0) for one in again])
    assert minutes(site) == [(0, False, 50.0), (60, False, 110.0), (120, False, 170.0)]


def test_what_a_site_kept_stands_where_it_belongs_and_is_marked(site: House) -> None:
    store = write_reports(site.database)
    back = NOON + 7200.0
    store([said(NOON)])
    store([said(back)])
    store([said(NOON + minute * 60.0, back + 1.0) for minute in range(1, 30)])
    seen = steps(site, 1, back + 600.0)
    # Ten minutes each: heard, on without a line, not even on, heard again.
    tail = [(step.heard, step.late, step.missed) for step in seen[-14:]]
    assert tail == [(1, 1, 0), (0, 2, 0), (0, 2, 0), *[(0, 0, 2)] * 9, (1, 0, 1), (0, 0, 0)]
    assert episodes(site) == [("silent", 0, 7200, "")]


def test_a_site_without_the_time_is_written_by_the_province_s_hour(site: House) -> None:
    store = write_reports(site.database)
    for minute in range(3):
        alarms = (NO_TIME,)
        store([said(5.0 + minute, NOON + 60.0 * minute, alarms=alarms, facts={"reboot": "power"})])
    store([said(NOON + 180.0)])
    assert [at for at, _, _ in minutes(site)] == [0, 60, 120, 180]
    assert episodes(site) == [("clock", 0, 180, "")]
    with site.database.reading() as session:
        (start,) = session.scalars(select(SiteEvent))
    assert (start.name, start.at, start.detail) == ("a", NOON, "power")


def test_a_clock_that_is_ahead_fills_no_coming_day(site: House) -> None:
    write_reports(site.database)([said(NOON + 30 * DAY_S, NOON)])
    assert [at for at, _, _ in minutes(site)] == [0]


def test_an_alarm_has_a_beginning_an_end_and_who_saw_to_it(site: House) -> None:
    store, lan = write_reports(site.database), site.person("lan", Role.OPERATOR)
    store([said(NOON + 30.0, alarms=(HOT,))])
    store([said(NOON + 90.0, alarms=(HOT,))])
    lan.post("/sites/ia-kly/help", take="yes")
    store([said(NOON + 150.0)])
    store([said(NOON + 90.0, alarms=(HOT,))])  # once more, as a broker may
    assert episodes(site) == [("hot", 0, 150, "lan")]


def test_two_copies_at_once_open_an_alarm_once(site: House) -> None:
    write_reports(site.database)([said(NOON)])
    reports = [said(NOON + 1.0 + second, alarms=(HOT,)) for second in range(20)]

    def copy(mine: list[Incoming]) -> None:
        store = write_reports(site.database)
        for one in mine:
            store([one])

    at_once([partial(copy, reports[first::4]) for first in range(4)])
    assert [(key, end) for key, _, end, _ in episodes(site)] == [("hot", None)]
    write_reports(site.database)([said(NOON + 60.0)])
    assert [(key, end) for key, _, end, _ in episodes(site)] == [("hot", 60)]


def test_what_no_database_keeps_stops_nothing(site: House) -> None:
    odd = replace(HOT, key="h\0t", detail="\0", code="\0B1", text={"vi": "\0"})
    facts = {"reboot": "po\0wer", "selftest": "\0", "selftest_at": "\0"}
    write_reports(site.database)([said(NOON, alarms=(odd,), facts=facts, figures={"soc_c": 1e300})])
    assert episodes(site) == [("ht", 0, None, "")]
    assert minutes(site) == [(0, False, None)]


def test_starts_and_self_tests_are_told_in_each_report_and_written_once(site: House) -> None:
    store = write_reports(site.database)
    facts = {"reboot": "wanted", "selftest": "C1", "selftest_at": "2026-03-12T04:30:00Z"}
    for minute in range(3):
        figures = {"uptime_s": 100.0 + 60 * minute}
        store([said(NOON + 60.0 * minute, facts=facts, figures=figures)])
    store([said(NOON + 600.0, boot="b", facts=facts | {"reboot": "power"})])
    for hour in ("yesterday", "2026-03-12T04:30:00", "2026-04-12T04:30:00Z"):
        store([said(NOON + 660.0, boot="b", facts={"selftest": "x", "selftest_at": hour})])
    with site.database.reading() as session:
        rows = session.scalars(select(SiteEvent).order_by(SiteEvent.kind, SiteEvent.at))
        told = [(row.kind, row.at - NOON, row.detail) for row in rows]
    assert told == [("self-test", -600, "C1"), ("start", -100, "wanted"), ("start", 600, "power")]


def test_other_kinds_and_unknown_sites_leave_no_trace(site: House) -> None:
    birth = Presence(ReportId(NOON, "a", 1), online=True, session=1)
    stranger = replace(said(NOON, alarms=(HOT,)), site="nobody")
    write_reports(site.database)([Incoming("ia-kly", Kind.PRESENCE, birth, NOON), stranger])
    assert (minutes(site), episodes(site)) == ([], [])


def test_history_is_bounded_and_old_minutes_become_hours(site: House) -> None:
    """Reports of each five minutes over a week, tended each day."""
    database = site.database
    for day in range(7):
        begin = NOON + day * DAY_S
        store(database, [
            said(begin + at, figures={"soc_c": 50.0 + day, "loss_percent": 1.5})
            for at in range(0, DAY_S, 300)
            if not 3 * HOUR_S <= at < 5 * HOUR_S  # each day it is off for two hours
        ])  # fmt: skip
        now = begin + DAY_S
        assert Retention(database, now=lambda: now).run_once()  # noqa: B023
    with database.reading() as session:
        oldest = session.scalar(select(func.min(Minute.at)))
        count = session.scalar(select(func.count()).select_from(Minute))
        newest_hour = session.scalar(select(func.max(Hour.at)))
        made, kept = partitions(session, MINUTES), partitions(session, HOURS)
    assert oldest == MINUTES.begin(now) - KEEP_MINUTES_S
    assert newest_hour == oldest - HOUR_S
    assert count is not None and count < 4 * DAY_S / 300
    if database.engine.dialect.name == "postgresql":
        assert MINUTES.name(oldest) == made[0]
        assert MINUTES.name(now + 3 * DAY_S) == made[-1]
        assert HOURS.name(now + 45 * DAY_S) in kept

    for days in (7, 90):
        seen = steps(site, days, now)
        full = [step for step in seen if step.at >= NOON]
        share = share_heard(full)
        assert share is not None and share == pytest.approx(22 / 24, abs=0.02), days
        assert max(step.soc_c or 0.0 for step in full) == 56.0
    # Two days, as people at Ia Kly count them: one still in minutes, one in hours.
    near, far = steps(site, 90, now)[-3], steps(site, 90, now)[-6]
    assert (near.expected, near.heard, near.soc_c) == (288, 264, 55.0)
    assert (far.expected, far.heard, far.soc_c, far.loss_percent) == (288, 264, 52.0, 1.5)
    assert Retention(database, now=lambda: now).run_once()
    assert steps(site, 90, now)[-6] == far


def test_the_oldest_is_let_go_whole(site: House) -> None:
    store, database = write_reports(site.database), site.database
    store([said(NOON, alarms=(HOT,), facts={"reboot": "power"})])
    store([said(NOON + 60.0)])
    later = NOON + KEEP_MINUTES_S + 2 * DAY_S
    Retention(database, now=lambda: later).run_once()
    assert minutes(site) == []
    with database.reading() as session:
        (hour,) = session.scalars(select(Hour))
        assert (hour.heard, hour.late) == (1, 0)
    # What comes so late that its hours are made adds nothing, and fails nothing.
    store([said(NOON + 120.0, later)])
    assert minutes(site) == []
    end = NOON + max(KEEP_HOURS_S, KEEP_EVENTS_S) + 32 * DAY_S
    Retention(database, now=lambda: end).run_once()
    with database.reading() as session:
        for table in (Hour, AlarmEpisode, SiteEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_only_one_copy_tends_at_a_time(on_postgres: Database) -> None:
    tending = Retention(on_postgres, now=lambda: NOON)
    with on_postgres.writing() as session:
        assert try_exclusive(session)
        assert not tending.run_once()
    assert tending.run_once()


def test_copies_that_need_one_day_make_it_once(on_postgres: Database) -> None:
    """The second waits for the first and finds it made."""
    moment = NOON + 400 * DAY_S

    def need() -> None:
        for day in range(3):
            with on_postgres.writing() as session:
                ensure_partitions(session, MINUTES, [moment + day * DAY_S])

    at_once([need] * 4)
    with on_postgres.reading() as session:
        made = set(partitions(session, MINUTES))
    assert {MINUTES.name(moment + day * DAY_S) for day in range(3)} <= made
