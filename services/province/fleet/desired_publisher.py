"""Tells sites what the chair decided in a conference that has no word for it (SIP).

In a room the floor is shown by the room itself. An MCU knows neither who asked to speak nor who
may: there each site finds in its ``desired`` whether it has the floor, and whether the chair's page
shows its hand.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.base.mqtt import MQTT_ERRORS
from appliance.wire.desired import Desired
from services.province.floor.room_monitor import Wanted
from services.province.floor.sip_participants import hands_of, is_up
from services.province.storage.database import Database
from services.province.storage.tables import Floor

log = logging.getLogger("diemcau.province.desired")

LOOK_S = 0.5
"""The lamp follows the chair's click within two seconds."""

Publish = Callable[[str, Desired], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Wish:
    """See `appliance.wire.desired.Desired`."""

    floor: str = ""
    hand_seen: int = 0


class DesiredPublisher:
    """One, in the copy of the program that has the broker.

    `conferences` gives those that are on; `publish` raises one of `MQTT_ERRORS` while the broker is
    away.
    A copy that begins tells every site of them anew: what a former one told is not known.
    """

    def __init__(
        self,
        database: Database,
        conferences: Callable[[], Iterable[Wanted]],
        publish: Publish,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._conferences = conferences
        self._publish = publish
        self._now = now
        self._told: dict[str, Wish] = {}

    async def run(self) -> None:
        """Look twice a second until cancelled."""
        while True:
            try:
                await self.look()
            except DBAPIError as error:
                log.warning("database: %s", error.orig)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Once. Raises `DBAPIError`."""
        conferences = list(self._conferences())
        wishes = dict.fromkeys(self._told, Wish())
        if conferences:
            wishes |= await asyncio.to_thread(self._wishes, conferences)
        for site, wish in wishes.items():
            if self._told.get(site) == wish:
                continue
            now = self._now()
            desired = Desired(now, int(now * 1000), wish.floor, wish.hand_seen)
            try:
                await self._publish(site, desired)
            except MQTT_ERRORS as error:
                log.info("a floor waits: %s", error)
                return
            self._told[site] = wish

    def _wishes(self, conferences: list[Wanted]) -> dict[str, Wish]:
        found: dict[str, Wish] = {}
        with self._database.reading() as session:
            hands = hands_of(session)
            for one in conferences:
                given = _given(session, one)
                for name, site in one.sites.items():
                    seq, hand = hands.get(site, (0, {}))
                    wish = Wish(
                        one.uid if name == given else "", seq if is_up(hand, one.uid) else 0
                    )
                    if wish != Wish() or site not in found:
                        found[site] = wish
        return found


def _given(session: Session, one: Wanted) -> str:
    floor = session.get(Floor, (one.key.meeting_id, one.key.instance))
    return floor.wanted if floor is not None else ""
