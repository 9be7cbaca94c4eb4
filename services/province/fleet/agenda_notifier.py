"""Tells sites that their agenda has changed, whichever copy of the program changed it.

The broker is told a site and nothing else: what has changed stands in the feed alone.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.base.mqtt import MQTT_ERRORS
from services.province.schedule.feeds import invited_sites
from services.province.sites.tree import Tree
from services.province.storage.database import Database
from services.province.storage.tables import Invitation, Meeting

log = logging.getLogger("diemcau.province.nudge")

LOOK_S = 0.25
"""A change reaches a connected site within two seconds."""
AT_ONCE = 8
"""Nudges under way together: one after another, each waiting for the broker's word, a thousand
sites would be told in seconds."""
BEHIND_S = 3600.0
"""Copies of the program whose clocks differ by less see each other's changes."""

Version = tuple[int, int]
"""A meeting's number and its SEQUENCE."""


class AgendaNotifier:
    """`notify` raises one of `MQTT_ERRORS` while the broker is away; the site is told later."""

    def __init__(
        self,
        database: Database,
        notify: Callable[[str], Awaitable[None]],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._notify = notify
        self._now = now
        self._owed: set[str] = set()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        seen: set[Version] | None = None
        while True:
            try:
                versions, sites = await asyncio.to_thread(self._look, seen)
            except DBAPIError as error:
                log.warning("database: %s", error.orig)
            else:
                seen = versions
                self._owed |= sites
            await self._tell()
            await asyncio.sleep(LOOK_S)

    def _look(self, seen: set[Version] | None) -> tuple[set[Version], set[str]]:
        """The meetings that were changed lately, and the sites of those that have not been seen."""
        lately = select(Meeting.id, Meeting.sequence).where(
            Meeting.changed_at > self._now() - BEHIND_S
        )
        with self._database.reading() as session:
            versions = {(number, sequence) for number, sequence in session.execute(lately)}
            if seen is None or not versions - seen:
                return versions, set()
            return versions, concerned(session, {number for number, _ in versions - seen})

    async def _tell(self) -> None:
        owed = sorted(self._owed)
        for first in range(0, len(owed), AT_ONCE):
            told = await asyncio.gather(*map(self._told, owed[first : first + AT_ONCE]))
            if not all(told):
                return

    async def _told(self, site: str) -> bool:
        try:
            await self._notify(site)
        except MQTT_ERRORS as error:
            log.info("a nudge waits: %s", error)
            return False
        self._owed.discard(site)
        return True


def concerned(session: Session, meetings: Iterable[int]) -> set[str]:
    """All sites whose feeds hold one of these meetings, those that were asked out again too."""
    tree = Tree.load(session)
    rows = select(Invitation).where(Invitation.meeting_id.in_(list(meetings)))
    found = invited_sites(session, tree, session.scalars(rows), left=True)
    return {site for _, sites in found for site in sites}
