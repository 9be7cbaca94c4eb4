"""Publishes to the sites what the chair decided and they cannot hear in their meeting.

A room shows the floor itself. An MCU knows neither who states to speak nor who may: there each site
reads in its ``desired`` whether it has the floor, and whether the chair's page shows its hand. That
a meeting was ended at the chair's page is told to the sites of any meeting.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.base.mqtt import MQTT_ERRORS, Refused
from appliance.wire.desired import MAX_ENDED, Desired
from appliance.wire.meeting import EndedMeeting
from services.province.fleet.rehearsals import Turn, turns
from services.province.floor.ended import Marks, ended_by_site, ended_marks, meetings_around
from services.province.floor.room_monitor import MonitoredMeeting
from services.province.floor.sip_participants import hands_of, is_raised
from services.province.passed_over import Part, Tell, untold
from services.province.storage.database import Database
from services.province.storage.tables import Floor, Site

log = logging.getLogger("diemcau.province.desired")

POLL_INTERVAL_S = 0.5
"""The lamp follows the chair's click within two seconds."""
TURNS_INTERVAL_S = 10.0
"""Whose turn it is to rehearse takes a look at the whole schedule."""

Publish = Callable[[str, Desired], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SiteState:
    """What is desired of one site; see `appliance.wire.desired.Desired`."""

    floor: str = ""
    hand_seen: int = 0
    turn: Turn | None = None
    ended: tuple[EndedMeeting, ...] = ()


NOTHING = SiteState()


class DesiredPublisher:
    """One, in the copy of the program that has the broker.

    `conferences` gives those that are on; `publish` raises one of `MQTT_ERRORS` while the broker is
    away. `resend_since` is for a province that was restored from a back-up: every site is asked for
    its reports since then (POSIX s; 0 for none). `test_room` is where sites rehearse, "" for each
    meeting's own address.
    A copy that starts publishes to the sites of every meeting that is on: what a former copy
    published is not known.
    """

    def __init__(
        self,
        database: Database,
        conferences: Callable[[], Iterable[MonitoredMeeting]],
        publish: Publish,
        *,
        resend_since: float = 0.0,
        test_room: str = "",
        tell: Tell = untold,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._resend_since = resend_since
        self._asked: list[str] | None = None
        self._database = database
        self._tell = tell
        self._conferences = conferences
        self._publish = publish
        self._now = now
        self._published: dict[str, SiteState] = {}
        self._test_room = test_room
        self._turns: Mapping[str, Turn] = {}
        self._turns_at = float("-inf")
        self._marks: Marks = {}
        self._ended: Mapping[str, tuple[EndedMeeting, ...]] = {}
        self._ended_at = float("-inf")
        self._first: set[str] | None = None

    async def run(self) -> None:
        """Publish what has changed, twice a second, until cancelled."""
        while True:
            try:
                await self.publish_changes()
            except DBAPIError as error:
                log.warning("database: %s", error.orig)
            await asyncio.sleep(POLL_INTERVAL_S)

    async def publish_changes(self) -> None:
        """Once; what the broker does not take is tried again next time. Raises `DBAPIError`."""
        conferences = list(self._conferences())
        states = dict.fromkeys(self._published, SiteState())
        if self._resend_since and self._asked is None:
            self._asked = await asyncio.to_thread(self._all_sites)
        states |= dict.fromkeys(self._asked or (), SiteState())
        if conferences:
            states |= await asyncio.to_thread(self._states, conferences)
        await self._take_turns()
        await asyncio.to_thread(self._read_ended, self._now())
        states |= dict.fromkeys((self._turns.keys() | self._ended.keys()) - states.keys(), NOTHING)
        states |= dict.fromkeys((self._first or set()) - states.keys(), NOTHING)
        for site, held in states.items():
            state = replace(
                held, turn=self._turns.get(site), ended=self._ended.get(site, ())[:MAX_ENDED]
            )
            if self._published.get(site) == state:
                continue
            try:
                await self._publish_state(site, state)
            except Refused as error:  # the broker is there: it is this site that it does not want
                self._tell(Part.DESIRED, site, str(error))
            except MQTT_ERRORS as error:
                log.info("desired state waits for the broker: %s", error)
                return
            except Exception as error:  # a row that no message can hold costs its own site
                self._tell(Part.DESIRED, site, f"{type(error).__name__}: {error}")
            self._published[site] = state

    async def _take_turns(self) -> None:
        now = self._now()
        if 0 <= now - self._turns_at < TURNS_INTERVAL_S:
            return
        self._turns = await asyncio.to_thread(self._read_turns, now)
        self._turns_at = now

    def _read_turns(self, now: float) -> Mapping[str, Turn]:
        with self._database.reading() as session:
            return turns(session, now, test_room=self._test_room)

    def _read_ended(self, now: float) -> None:
        """Which meetings are over for which sites; the whole schedule is read where one was ended
        or taken up again, and else as seldom as for the turns."""
        with self._database.reading() as session:
            if self._first is None:
                around = meetings_around(session, now)
                self._first = {site for _, sites in around for site in sites}
            marks = ended_marks(session, now)
            if marks == self._marks and 0 <= now - self._ended_at < TURNS_INTERVAL_S:
                return
            self._ended = ended_by_site(session, marks, now)
            self._marks, self._ended_at = marks, now

    async def _publish_state(self, site: str, state: SiteState) -> None:
        now = self._now()
        desired = Desired(
            now, int(now * 1000), state.floor, state.hand_seen, resend_since=self._resend_since,
            ended=state.ended,
        )  # fmt: skip
        if state.turn is not None:
            desired = replace(
                desired,
                rehearsal=state.turn.name,
                rehearsal_at=state.turn.at,
                rehearsal_meeting=state.turn.meeting,
                rehearsal_address=state.turn.address,
            )
        await self._publish(site, desired)

    def _all_sites(self) -> list[str]:
        with self._database.reading() as session:
            return list(session.scalars(select(Site.id)))

    def _states(self, conferences: list[MonitoredMeeting]) -> dict[str, SiteState]:
        found: dict[str, SiteState] = {}
        with self._database.reading() as session:
            hands = hands_of(session)
            for one in conferences:
                try:
                    states = _states_in(session, one, hands)
                except DBAPIError:
                    raise
                except Exception as error:  # one broken row costs its own meeting
                    self._tell(Part.DESIRED, one.uid, f"{type(error).__name__}: {error}")
                    continue
                for site, state in states.items():
                    if state != SiteState() or site not in found:
                        found[site] = state
        return found


def _states_in(
    session: Session, one: MonitoredMeeting, hands: Mapping[str, tuple[int, Mapping[str, Any]]]
) -> dict[str, SiteState]:
    holder = _floor_holder(session, one)
    states = {}
    for site in one.sites:
        seq, hand = hands.get(site, (0, {}))
        floor = one.uid if site == holder else ""
        states[site] = SiteState(floor, seq if is_raised(hand, one.uid) else 0)
    return states


def _floor_holder(session: Session, one: MonitoredMeeting) -> str:
    floor = session.get(Floor, (one.key.meeting_id, one.key.instance))
    return floor.holder_site or "" if floor is not None else ""
