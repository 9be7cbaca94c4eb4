"""Watches the meetings that are on: one copy of the program joins each room, by a lease."""

import asyncio
import logging
import secrets
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from websockets.exceptions import WebSocketException

from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.dialers.api import DialersError
from appliance.wire.address import Address, AddressError
from services.province.floor import participants
from services.province.floor.ended import Ended, ended_of
from services.province.floor.participants import Choice, OccurrenceKey, Participant
from services.province.floor.room import Room, RoomIdentity
from services.province.floor.sip_participants import has_floor, reported_participants
from services.province.passed_over import Part, Tell, untold
from services.province.schedule.broken_rows import audit_broken, tell_broken
from services.province.schedule.feeds import Schedule
from services.province.schedule.ical import BrokenRow
from services.province.sites.tree import Tree
from services.province.storage.database import Database
from services.province.storage.tables import Floor

log = logging.getLogger("diemcau.province")

EARLY_S, OVERRUN_S = 15 * 60.0, 30 * 60.0
"""We join a quarter hour before the begin, as sites do, and leave half an hour after the end. Where
anybody is in by then we stay, until sites leave by themselves at the latest (`MAX_OVERRUN_S`)."""
CLOSE_AFTER_S = 10.0
"""Who is in the room so long after the meeting was ended at the chair's page is removed from it:
sites leave by themselves in two seconds, but for those of an older release."""
POLL_INTERVAL_S = 2.0
FLOOR_POLL_INTERVAL_S = 0.3
"""How soon a floor that was given is shown; a hand is written at once."""
LEASE_RENEWAL_S = 3.0
REPORT_POLL_INTERVAL_S, MIN_REST_RATIO = 1.0, 4.0
"""How often the sites' reports are read; the rest is at least so many times as long as the reading
took, so that it costs a fifth of a core at the most."""
REPEAT_INTERVAL_S = 2.0
"""How often who has the floor is at most shown again to those who came meanwhile."""
RETRY_S = 3.0
FLOOR_SCHEMES = ("janus+", "sip:", "sips:")
"""Addresses of meetings in which the floor can be given from here."""
NAME = "Trung tâm điều hành"
ROOM_ERRORS = (OSError, TimeoutError, WebSocketException, DialersError)
"""A room that is away, refuses us or breaks off: shown on the chair's page, and tried again."""


@dataclass(frozen=True, slots=True)
class MonitoredMeeting:
    """A meeting that is on: its room or conference, with the invited sites' names by their ids.

    ``uid`` is its id in the sites' reports; `until` is when it is left (POSIX s); the keys of its
    room are made of `secret`.
    """

    key: OccurrenceKey
    uid: str
    address: Address
    chair_pin: str = field(repr=False)
    secret: str = field(repr=False)
    until: float
    sites: dict[str, str] = field(hash=False, compare=False, default_factory=dict)
    ended: Ended | None = field(default=None, hash=False, compare=False)

    @property
    def in_room(self) -> bool:
        """Whether we can join it and see who is in; of a conference only the sites report."""
        return bool(self.address.url)


class RoomMonitor:
    """One for each copy of the program; ``run`` goes on until it is cancelled."""

    def __init__(
        self,
        database: Database,
        *,
        tell: Tell = untold,
        now: Callable[[], float] = time.time,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._database = database
        self._tell = tell
        self._now = now
        self._trust = trust
        self._copy = secrets.token_hex(8)
        self._rooms: dict[OccurrenceKey, MonitoredMeeting] = {}
        self._audited: set[BrokenRow] = set()

    @property
    def conferences(self) -> list[MonitoredMeeting]:
        """Those that are on and cannot show the floor themselves (SIP)."""
        return [one for one in self._rooms.values() if not one.in_room]

    async def run(self) -> None:
        """Find which meetings are on, and keep a task for each."""
        running: dict[OccurrenceKey, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    try:
                        found = await asyncio.to_thread(self._find_meetings)
                    except DBAPIError as error:
                        log.warning("database: %s", error.orig)
                    else:
                        self._rooms = {one.key: one for one in found}
                    for key, one in self._rooms.items():
                        task = running.get(key)
                        if task is None or task.done():
                            running[key] = tasks.create_task(
                                self._monitor(one), name="room monitor"
                            )
                    running = {key: task for key, task in running.items() if not task.done()}
                    await asyncio.sleep(POLL_INTERVAL_S)
        finally:
            self._release_leases(running)

    def _release_leases(self, keys: Iterable[OccurrenceKey]) -> None:
        """Let another copy, or the next start, go in before the leases have run out."""
        with suppress(DBAPIError), self._database.writing() as session:
            for key in keys:
                participants.release_lease(session, key, self._copy)

    def _find_meetings(self) -> list[MonitoredMeeting]:
        now = self._now()
        with self._database.reading() as session:
            tree = Tree.load(session)
            schedule = Schedule.load(session, tree, now - MAX_OVERRUN_S)
            found = []
            for one in schedule.between(now - MAX_OVERRUN_S, now + EARLY_S):
                meeting = schedule.meetings[one.meeting_id]
                if not meeting.address.startswith(FLOOR_SCHEMES):
                    continue
                key = OccurrenceKey(one.meeting_id, one.instance)
                late = now >= one.end + OVERRUN_S
                if late and not participants.present_participations(session, key):
                    continue
                sites = {
                    site: tree.sites[site].name
                    for site in sorted(schedule.invited(one))
                    if site in tree.sites
                }
                try:
                    address = Address.parse(meeting.address)
                except AddressError as error:
                    row = BrokenRow(meeting.id, meeting.title, str(error))
                    schedule.broken[meeting.id] = row
                    tell_broken([row])
                    continue
                until = one.end + MAX_OVERRUN_S
                found.append(
                    MonitoredMeeting(
                        key, one.uid, address, meeting.chair_pin, meeting.secret, until, sites,
                        ended_of(session, one),
                    )
                )  # fmt: skip
        broken = set(schedule.broken.values())
        if broken - self._audited:
            with self._database.writing() as session:
                audit_broken(session, broken - self._audited, now)
        self._audited = broken
        return found

    async def _monitor(self, meeting: MonitoredMeeting) -> None:
        """Join the room once, if no other copy is in it; `run` tries again."""
        try:
            if not await asyncio.to_thread(self._lease, meeting.key):
                return
            await (self._in_room(meeting) if meeting.in_room else self._from_reports(meeting))
        except DBAPIError as error:
            log.warning("database: %s", error.orig)
        except Exception as error:  # whatever a room sends costs its own meeting
            log.exception("room %s", meeting.address.shown)
            self._tell(Part.FLOOR, meeting.uid, f"{type(error).__name__}: {error}")
        await asyncio.sleep(RETRY_S)

    async def _in_room(self, meeting: MonitoredMeeting) -> None:
        identity = RoomIdentity(
            NAME,
            meeting.chair_pin,
            meeting.uid,
            meeting.secret,
            lambda site: site in self._sites_of(meeting),
        )
        room = Room(meeting.address, identity, self._trust)
        problem, known = "", True
        try:
            await room.join_while(lambda joined: self._watch(joined, meeting))
        except* ROOM_ERRORS as group:
            problem = str(_first(group)) or type(_first(group)).__name__
            log.warning("room %s: %s", meeting.address.shown, problem)
        except* DBAPIError as group:
            known = False
            log.warning("database: %s", _first(group))
        except* Exception as group:
            # A server that says what no Janus says costs its own meeting, not the program.
            problem = f"its server is not understood: {_first(group)}"
            log.exception("room %s", meeting.address.shown)
        if known:
            await asyncio.to_thread(self._leave, meeting, problem)

    async def _from_reports(self, meeting: MonitoredMeeting) -> None:
        """Of a conference, write down who is in as the sites report it."""
        while self._is_on(meeting):
            began = time.monotonic()
            if not await asyncio.to_thread(self._lease, meeting.key):
                return
            await asyncio.to_thread(self._write_reported, meeting)
            await asyncio.sleep(
                max(REPORT_POLL_INTERVAL_S, MIN_REST_RATIO * (time.monotonic() - began))
            )
        await asyncio.to_thread(self._leave, meeting, "")

    def _write_reported(self, meeting: MonitoredMeeting) -> None:
        with self._database.writing() as session:
            people = reported_participants(session, meeting.sites, meeting.uid, self._now())
            self._write_participants(session, meeting, people)
            floor = participants.floor_of(session, meeting.key)
            site = floor.holder_site or ""
            floor.shown = floor.wanted if has_floor(session, site, meeting.uid) else ""

    async def _watch(self, room: Room, meeting: MonitoredMeeting) -> None:
        log.info("near → in room %s", meeting.address.shown)
        renewed = shown_at = self._now()
        told: set[int] = set()
        removed: set[int] = set()
        while self._is_on(meeting):
            changed = room.changed.is_set()
            room.changed.clear()
            if changed or self._now() - renewed > LEASE_RENEWAL_S:
                if not await asyncio.to_thread(self._lease, meeting.key):
                    return
                renewed = self._now()
            if changed:
                await asyncio.to_thread(self._write, room, meeting)
            people = room.participants()
            for number in room.floors_given_there():
                await asyncio.to_thread(self._take_over, meeting, number, people)
            floor, leader, shown = await asyncio.to_thread(self._floor, meeting.key)
            present = {one.number for one in people}
            holder, leading = floor.among(people), leader.among(people)
            wanted = (
                holder.number if holder is not None else None,
                leading.number if leading is not None else None,
            )
            # A room that does not announce who sends nothing tells newcomers of us only so.
            due = not present <= told and self._now() - shown_at > REPEAT_INTERVAL_S
            if wanted != room.shown or due:
                shown_at, told = self._now(), present
                await room.show(*wanted, shown_at)
            await self._close(room, meeting, removed)
            name = floor.name if holder is not None else ""
            if name != shown:
                await asyncio.to_thread(self._confirm, meeting.key, name)
            try:
                async with asyncio.timeout(FLOOR_POLL_INTERVAL_S):
                    await room.changed.wait()
            except TimeoutError:
                continue

    async def _close(self, room: Room, meeting: MonitoredMeeting, removed: set[int]) -> None:
        """Remove whoever is still in after the chair has ended the meeting, each once.

        In a room that another meeting has, too, only sites that proved to be in this one.
        """
        known = self._rooms.get(meeting.key, meeting)
        if known.ended is None or self._now() < known.ended.at + CLOSE_AFTER_S:
            return
        others = (one for one in self._rooms.values() if one.key != meeting.key)
        shared = any(one.address == meeting.address for one in others)
        for one in room.participants():
            if one.number in removed or (shared and not one.site):
                continue
            removed.add(one.number)
            if not await room.remove(one.number):
                log.info("far ← room %s lets us remove nobody", meeting.address.shown)
                removed |= {person.number for person in room.participants()}
                return
            log.info("near → removed %s: the chair has ended the meeting", one.name)

    def _is_on(self, meeting: MonitoredMeeting) -> bool:
        """Whether the meeting is on, at the same address."""
        return self._rooms.get(meeting.key) == meeting and self._now() < meeting.until

    def _sites_of(self, meeting: MonitoredMeeting) -> dict[str, str]:
        """The sites that are invited by now: more may be while it is on."""
        return self._rooms.get(meeting.key, meeting).sites

    def _lease(self, key: OccurrenceKey) -> bool:
        with self._database.writing() as session:
            return participants.acquire_lease(session, key, self._copy, self._now())

    def _write(self, room: Room, meeting: MonitoredMeeting) -> None:
        with self._database.writing() as session:
            names = self._sites_of(meeting)  # who proved itself has its name here
            people = [replace(p, name=names.get(p.site, p.name)) for p in room.participants()]
            self._write_participants(session, meeting, people)
            floor = participants.floor_of(session, meeting.key)
            floor.problem, floor.wrong_pins = "", room.wrong_pins

    def _write_participants(
        self, session: Session, meeting: MonitoredMeeting, people: list[Participant]
    ) -> None:
        """Write who is in, and that somebody gave the floor back."""
        now = self._now()
        participants.update_participations(session, meeting.key, people, now)
        if name := participants.clear_returned_floor(session, meeting.key, people, now):
            log.info("far ← %s gave the floor back", name)

    def _floor(self, key: OccurrenceKey) -> tuple[Choice, Choice, str]:
        """Who has the floor, who is in the chair, and whose floor counts as shown."""
        with self._database.reading() as session:
            floor = session.get(Floor, (key.meeting_id, key.instance))
            if floor is None:
                return Choice(), Choice(), ""
            return participants.holder_of(floor), participants.leader_of(floor), floor.shown

    def _take_over(
        self, meeting: MonitoredMeeting, number: int | None, people: list[Participant]
    ) -> None:
        """Somebody in the chair at the room's own page gave the floor, or took it back."""
        names = self._sites_of(meeting)
        given = [
            Choice(one.number, one.site, names.get(one.site, one.name))
            for one in people
            if one.number == number
        ]
        if number is not None and not given:
            return
        choice = given[0] if given else Choice()
        with self._database.writing() as session:
            # That page, too, takes it from a site that gave it back: the site's word comes first.
            participants.clear_returned_floor(session, meeting.key, people, self._now())
            floor = participants.floor_of(session, meeting.key)
            if participants.holder_of(floor).number == choice.number:
                return
            participants.give_floor(floor, choice)
        log.info("far ← at the room's page the floor is %s", f"given to {choice.name}" if given
                 else "taken back")  # fmt: skip

    def _confirm(self, key: OccurrenceKey, name: str) -> None:
        with self._database.writing() as session:
            participants.floor_of(session, key).shown = name

    def _leave(self, meeting: MonitoredMeeting, problem: str) -> None:
        with self._database.writing() as session:
            floor = participants.floor_of(session, meeting.key)
            if floor.lease_holder != self._copy:
                return
            floor.problem, floor.shown = problem[:300], ""
            if not self._is_on(meeting):
                participants.end_participations(session, meeting.key, self._now())
            participants.release_lease(session, meeting.key, self._copy)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
