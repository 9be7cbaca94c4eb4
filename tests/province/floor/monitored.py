"""Meetings that the console watches in a room, and what their sites' feeds say of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from appliance.wire.calendar.agenda import read_agenda
from appliance.wire.room_keys import RoomKeys
from services.province.floor.participants import OccurrenceKey
from services.province.floor.room_monitor import RoomMonitor
from services.province.schedule.feeds import site_feed
from services.province.storage.database import Database
from services.province.storage.tables import Floor, Site
from tests.province.in_process import House, draft


@asynccontextmanager
async def running(*keepers: RoomMonitor) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(one.run()) for one in keepers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [one for one in results if isinstance(one, Exception)]
        assert failed == []


def floor(database: Database) -> Floor:
    with database.reading() as session:
        return session.query(Floor).one()


def now_on(house: House, address: str, pin: str) -> OccurrenceKey:
    """A meeting that is on by the real clock."""
    house.communes("ia-kly", "ia-o")
    begin = float(int(time.time()) - 60)
    words = {"begin": begin, "address": address, "chair_pin": pin}
    return OccurrenceKey(house.meeting(draft({house.place("Gia Lai")}, **words)), begin)


def keys_of(house: House, key: OccurrenceKey, site: str) -> RoomKeys:
    """What the site's own feed gives it for that meeting's room."""
    with house.database.reading() as session:
        found = session.get(Site, site)
        assert found is not None
        feed = site_feed(session, found, time.time())
    begin = key.instance - 3600.0
    agenda = read_agenda(feed, begin=begin, end=begin + 7200.0, zone=ZoneInfo("UTC"))
    keys = agenda.meetings[0].keys
    assert keys is not None
    return keys
