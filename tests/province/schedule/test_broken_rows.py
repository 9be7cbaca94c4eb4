"""One stored row that cannot be: feeds, pages and the room monitor go on, and it is named."""

import asyncio
import math
import ssl
from collections.abc import Callable

import pytest
from sqlalchemy import select

from services.province.accounts import Role
from services.province.floor.room_monitor import RoomMonitor
from services.province.schedule.broken_rows import ACTION
from services.province.storage.tables import AuditEntry, Meeting, OccurrenceChange
from tests.process.waiting import until
from tests.province.feed import agenda
from tests.province.in_process import NOON, House, draft

YEAR_1, YEAR_9999 = -62_135_596_800.0, 253_402_300_799.0


def changed(**values: object) -> Callable[[House, int], None]:
    """Write something into the row of a meeting, past all that checks it."""

    def spoil(house: House, number: int) -> None:
        with house.database.writing() as session:
            meeting = session.get(Meeting, number)
            assert meeting is not None
            for name, value in values.items():
                setattr(meeting, name, value)

    return spoil


def with_change(
    instance: float, begin: float | None, length_s: float | None = 60.0
) -> Callable[[House, int], None]:
    def spoil(house: House, number: int) -> None:
        with house.database.writing() as session:
            session.add(
                OccurrenceChange(
                    meeting_id=number, instance=instance, begin=begin, length_s=length_s
                )
            )

    return spoil


SPOILED = {
    "off in year 1": with_change(YEAR_1, None),
    "off before year 1": with_change(YEAR_1 * 2, None),
    "off in 9999": with_change(YEAR_9999, None),
    "off after 9999": with_change(1e15, None),
    "moved to year 1": with_change(NOON + 3600.0, YEAR_1),
    "moved to 9999": with_change(NOON + 3600.0, YEAR_9999),
    "moved to nowhere": with_change(NOON + 3600.0, math.inf),
    "begins in year 1": changed(begin=YEAR_1),
    "begins in 9999": changed(begin=YEAR_9999, rule=""),
    "no rule at all": changed(rule="GIAO BAN"),
    "a rule of seconds": changed(rule="FREQ=SECONDLY"),
    "until year 1": changed(rule="FREQ=DAILY;UNTIL=00010101T000000Z"),
    "until a time": changed(rule="FREQ=DAILY;UNTIL=080000"),
    "no zone": changed(zone="Mars/Base"),
    "a folder as zone": changed(zone="Asia"),
    "no address": changed(address="sip:1@xn--:99999", rule=""),
    "endless length": changed(length_s=1e300),
}


@pytest.mark.case("K3")
@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
async def test_one_broken_row_ends_nothing(
    house: House, spoil: Callable[[House, int], None]
) -> None:
    house.communes("ia-kly")
    root = house.place("Gia Lai")
    number = house.meeting(draft({root}, rule="FREQ=DAILY;COUNT=3", title="Hỏng"))
    house.meeting(draft({root}, title="Lành"))
    spoil(house, number)

    assert "Lành" in [meeting.title for meeting in agenda(house, "ia-kly").meetings]
    lan = house.person("lan", Role.ADMINISTRATOR)
    one = f"/meetings/{number}"
    for path in ("/", "/meetings", one, f"{one}/edit", "/sites", "/sites/ia-kly", "/audit",
                 f"/floor/{number}/{NOON + 3600:.0f}", "/alarms"):  # fmt: skip
        answer = await asyncio.to_thread(lan.get, path)
        assert answer.status_code in (200, 404), path
        assert answer.status_code == 200 or path.startswith("/floor"), path
    assert "Lành" in lan.get("/meetings").text

    trust = ssl.create_default_context()
    monitor = RoomMonitor(house.database, now=lambda: house.now + 3600.0, trust=trust)
    task = asyncio.create_task(monitor.run())
    await asyncio.sleep(0.3)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.case("K3")
async def test_it_is_named_on_its_page_and_once_in_the_audit_log(house: House) -> None:
    house.communes("ia-kly")
    number = house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY", title="Hỏng"))
    with_change(YEAR_1, None)(house, number)
    lan = house.person("lan", Role.OPERATOR)
    for path in ("/meetings", f"/meetings/{number}"):
        page = lan.get(path).text
        assert "Bỏ qua" in page
        assert "outside the years" in page

    def told() -> list[AuditEntry]:
        with house.database.reading() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.action == ACTION)))

    for _ in range(2):  # at each start of the program
        task = asyncio.create_task(RoomMonitor(house.database, now=lambda: house.now).run())
        await until("it is in the audit log", lambda: bool(told()))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    (entry,) = told()
    assert "Hỏng" in entry.subject
