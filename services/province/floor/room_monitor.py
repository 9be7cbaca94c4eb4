"""Keeps the meetings that are on: one copy of the program in each room, by a lease."""

import asyncio
import logging
import secrets
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from websockets.exceptions import WebSocketException

from appliance.dialers.api import DialersError
from appliance.wire.address import Address
from services.province.floor import participants
from services.province.floor.participants import Key, Present
from services.province.floor.room import Room
from services.province.floor.sip_participants import knows_floor, reported
from services.province.schedule.feeds import Schedule
from services.province.sites.tree import Tree
from services.province.storage.database import Database
from services.province.storage.tables import Floor

log = logging.getLogger("diemcau.province")

EARLY_S, LATE_S = 15 * 60.0, 30 * 60.0
"""In the room a quarter hour before, when sites begin to come, and half an hour for an overrun."""
LOOK_S = 2.0
STEP_S = 0.3
"""How soon a floor that was given is shown; a hand is written at once."""
RENEW_S = 3.0
REPORTS_S, REST = 1.0, 4.0
"""How often the sites' reports are looked at; however many sites, a fifth of a core at the most."""
AGAIN_S = 3.0
GIVEN = ("janus+", "sip:", "sips:")
"""Addresses of meetings in which the floor can be given from here."""
NAME = "Trung tâm điều hành"
LOST = (OSError, TimeoutError, WebSocketException, DialersError)
"""A room that is away, refuses us or breaks off: told on the chair's page, and tried again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A meeting to keep: its room or conference, with the sites' ids by their names.

    ``uid`` is what the sites call it.
    """

    key: Key
    uid: str
    address: Address
    chair_pin: str
    until: float
    sites: dict[str, str] = field(hash=False, compare=False, default_factory=dict)

    @property
    def in_room(self) -> bool:
        """Whether we can be in it, and it says who else is; of a conference the sites tell."""
        return bool(self.address.url)


class RoomMonitor:
    """One for each copy of the program; ``run`` goes on until it is cancelled."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], float] = time.time,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._trust = trust
        self._copy = secrets.token_hex(8)
        self._rooms: dict[Key, Wanted] = {}

    @property
    def conferences(self) -> list[Wanted]:
        """Those that are on and have no word for the floor."""
        return [one for one in self._rooms.values() if not one.in_room]

    async def run(self) -> None:
        """Look which meetings are on, and keep a task for each."""
        keeping: dict[Key, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    try:
                        found = await asyncio.to_thread(self._wanted)
                    except DBAPIError as error:
                        log.warning("database: %s", error.orig)
                    else:
                        self._rooms = {one.key: one for one in found}
                    for key, one in self._rooms.items():
                        task = keeping.get(key)
                        if task is None or task.done():
                            keeping[key] = tasks.create_task(self._keep(one), name="room keeper")
                    keeping = {key: task for key, task in keeping.items() if not task.done()}
                    await asyncio.sleep(LOOK_S)
        finally:
            self._let_go(keeping)

    def _let_go(self, keys: Iterable[Key]) -> None:
        """Another copy, or the next start, need not wait until the leases have run out."""
        with suppress(DBAPIError), self._database.writing() as session:
            for key in keys:
                participants.give_back(session, key, self._copy)

    def _wanted(self) -> list[Wanted]:
        now = self._now()
        with self._database.reading() as session:
            tree = Tree.load(session)
            schedule = Schedule.load(session, tree, now - LATE_S)
            found = []
            for one in schedule.between(now - LATE_S, now + EARLY_S):
                meeting = schedule.meetings[one.meeting_id]
                if not meeting.address.startswith(GIVEN):
                    continue
                sites = {tree.sites[site].name: site for site in schedule.invited(one)}
                key = Key(one.meeting_id, one.instance)
                address = Address.parse(meeting.address)
                until = one.end + LATE_S
                found.append(Wanted(key, one.uid, address, meeting.chair_pin, until, sites))
        return found

    async def _keep(self, wanted: Wanted) -> None:
        """One stay in the room, if no other copy is in it; `run` begins the next."""
        try:
            if not await asyncio.to_thread(self._lease, wanted.key):
                return
            await (self._in_room(wanted) if wanted.in_room else self._by_reports(wanted))
        except DBAPIError as error:
            log.warning("database: %s", error.orig)
        await asyncio.sleep(AGAIN_S)

    async def _in_room(self, wanted: Wanted) -> None:
        room = Room(wanted.address, NAME, wanted.chair_pin, self._trust)
        trouble, known = "", True
        try:
            await room.stay(lambda entered: self._watch(entered, wanted))
        except* LOST as group:
            trouble = str(_first(group)) or type(_first(group)).__name__
            log.warning("room %s: %s", wanted.address.shown, trouble)
        except* DBAPIError as group:
            known = False
            log.warning("database: %s", _first(group))
        if known:
            await asyncio.to_thread(self._leave, wanted, trouble)

    async def _by_reports(self, wanted: Wanted) -> None:
        """A conference: who is in is written down as the sites tell it."""
        while self._still(wanted):
            began = time.monotonic()
            if not await asyncio.to_thread(self._lease, wanted.key):
                return
            await asyncio.to_thread(self._write_reported, wanted)
            await asyncio.sleep(max(REPORTS_S, REST * (time.monotonic() - began)))
        await asyncio.to_thread(self._leave, wanted, "")

    def _write_reported(self, wanted: Wanted) -> None:
        with self._database.writing() as session:
            people = reported(session, wanted.sites, wanted.uid, self._now())
            self._write_people(session, wanted, people)
            floor = participants.floor_of(session, wanted.key)
            site = wanted.sites.get(floor.wanted, "")
            floor.shown = floor.wanted if knows_floor(session, site, wanted.uid) else ""

    async def _watch(self, room: Room, wanted: Wanted) -> None:
        log.info("near → in room %s", wanted.address.shown)
        renewed = self._now()
        await asyncio.to_thread(self._confirm, wanted.key, "")
        while self._still(wanted):
            changed = room.changed.is_set()
            room.changed.clear()
            if changed or self._now() - renewed > RENEW_S:
                if not await asyncio.to_thread(self._lease, wanted.key):
                    return
                renewed = self._now()
            if changed:
                await asyncio.to_thread(self._write, room, wanted)
            name = await asyncio.to_thread(self._floor, wanted.key)
            number = room.number_of(name)
            if number != room.shown:
                await room.show(number)
                await asyncio.to_thread(self._confirm, wanted.key, name if number else "")
            try:
                async with asyncio.timeout(STEP_S):
                    await room.changed.wait()
            except TimeoutError:
                continue

    def _still(self, wanted: Wanted) -> bool:
        """Whether the meeting is on, at the same address."""
        return self._rooms.get(wanted.key) == wanted and self._now() < wanted.until

    def _lease(self, key: Key) -> bool:
        with self._database.writing() as session:
            return participants.take_keeping(session, key, self._copy, self._now())

    def _write(self, room: Room, wanted: Wanted) -> None:
        with self._database.writing() as session:
            self._write_people(session, wanted, room.present())
            participants.floor_of(session, wanted.key).trouble = ""

    def _write_people(self, session: Session, wanted: Wanted, people: list[Present]) -> None:
        """Who is in, and that somebody gave the floor back."""
        now = self._now()
        participants.write_people(session, wanted.key, people, wanted.sites, now)
        if name := participants.take_back_returned(session, wanted.key, people):
            log.info("far ← %s gave the floor back", name)

    def _floor(self, key: Key) -> str:
        with self._database.reading() as session:
            floor = session.get(Floor, (key.meeting_id, key.instance))
            return floor.wanted if floor is not None else ""

    def _confirm(self, key: Key, name: str) -> None:
        with self._database.writing() as session:
            participants.floor_of(session, key).shown = name

    def _leave(self, wanted: Wanted, trouble: str) -> None:
        with self._database.writing() as session:
            floor = participants.floor_of(session, wanted.key)
            if floor.keeper != self._copy:
                return
            floor.trouble, floor.shown = trouble[:300], ""
            if not self._still(wanted):
                participants.close_stays(session, wanted.key, self._now())
            participants.give_back(session, wanted.key, self._copy)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
