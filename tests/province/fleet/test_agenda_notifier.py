"""Nudges: several under way together, none forgotten while the broker is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appliance.base.tasks import cancel_and_wait
from services.province.fleet.agenda_notifier import MAX_CONCURRENT, AgendaNotifier
from tests.process.waiting import until
from tests.province.in_process import House, draft

SITES = [f"s{number:02d}" for number in range(3 * MAX_CONCURRENT)]


class Line:
    """A line to the broker: holds what it is given until it is opened, or is away."""

    def __init__(self) -> None:
        self.open, self.away = asyncio.Event(), False
        self.under_way = self.most = self.refused = 0
        self.told: list[str] = []

    async def nudge(self, site: str) -> None:
        if self.away:
            self.refused += 1
            raise OSError("the broker is away")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.open.wait()
        self.under_way -= 1
        self.told.append(site)


@asynccontextmanager
async def nudging(house: House, line: Line) -> AsyncIterator[None]:
    """Running, and past its first look, which takes all that is there for known."""
    looked = asyncio.Event()

    def now() -> float:
        loop.call_soon_threadsafe(looked.set)
        return house.now

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(AgendaNotifier(house.database, line.nudge, now=now).run())
    try:
        async with asyncio.timeout(60.0):
            await looked.wait()
            looked.clear()
            await looked.wait()  # the second look begins: the first is over
        yield
    finally:
        await cancel_and_wait(task)


async def test_many_are_told_together_and_never_too_many(house: House) -> None:
    house.communes(*SITES)
    line = Line()
    async with nudging(house, line):
        house.meeting(draft({house.place("Gia Lai")}))
        await until("some are under way", lambda: line.under_way == MAX_CONCURRENT)
        line.open.set()
        await until("all are told", lambda: len(line.told) == len(SITES))
    assert sorted(line.told) == SITES
    assert line.most == MAX_CONCURRENT


async def test_who_was_not_told_is_told_later(house: House) -> None:
    house.communes(*SITES)
    line = Line()
    line.open.set()
    line.away = True
    async with nudging(house, line):
        house.meeting(draft({house.place("Gia Lai")}))
        await until("it was tried", lambda: line.refused > MAX_CONCURRENT)
        assert not line.told
        line.away = False
        await until("all are told", lambda: len(line.told) == len(SITES))
    assert sorted(line.told) == SITES
