"""Notifies sites that their agenda has changed, whichever copy of the program changed it.

A notice names the site and nothing else: the change itself is in the site's feed.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.base.mqtt import MQTT_ERRORS, Refused
from services.province.passed_over import Part, Tell, untold
from services.province.schedule.feeds import invited_sites
from services.province.sites.tree import Tree
from services.province.storage.database import Database
from services.province.storage.tables import Invitation, Meeting

log = logging.getLogger("diemcau.province.nudge")

POLL_INTERVAL_S = 0.25
"""A change reaches a connected site within two seconds."""
MAX_CONCURRENT = 8
"""Notices that wait for their acknowledgement together: one after another a thousand sites would
take seconds."""
LOOKBACK_S = 3600.0
"""Copies of the program whose clocks differ by less see each other's changes."""

Version = tuple[int, int]
"""A meeting's id and its SEQUENCE."""


class AgendaNotifier:
    """`notify` raises one of `MQTT_ERRORS` while the broker is away; the site is told later."""

    def __init__(
        self,
        database: Database,
        notify: Callable[[str], Awaitable[None]],
        *,
        tell: Tell = untold,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._tell = tell
        self._notify = notify
        self._now = now
        self._pending: set[str] = set()

    async def run(self) -> None:
        """Notify the sites of changed meetings until cancelled."""
        seen: set[Version] | None = None
        while True:
            try:
                versions, sites = await asyncio.to_thread(self._look, seen)
            except DBAPIError as error:
                log.warning("database: %s", error.orig)
            else:
                seen = versions
                self._pending |= sites
            await self._notify_pending()
            await asyncio.sleep(POLL_INTERVAL_S)

    def _look(self, seen: set[Version] | None) -> tuple[set[Version], set[str]]:
        """The meetings that were changed lately, and the sites of those not yet `seen`."""
        lately = select(Meeting.id, Meeting.sequence).where(
            Meeting.changed_at > self._now() - LOOKBACK_S
        )
        with self._database.reading() as session:
            versions = {(meeting_id, sequence) for meeting_id, sequence in session.execute(lately)}
            if seen is None or not versions - seen:
                return versions, set()
            return versions, self._sites(session, {number for number, _ in versions - seen})

    def _sites(self, session: Session, meetings: Iterable[int]) -> set[str]:
        """Of all these; a meeting that cannot be read is passed over."""
        wanted = set(meetings)
        try:
            return sites_of_meetings(session, wanted)
        except DBAPIError:
            raise
        except Exception as error:  # one broken row costs its own notices
            if len(wanted) == 1:
                which = f"meeting {wanted.pop()}"
                self._tell(Part.NOTICES, which, f"{type(error).__name__}: {error}")
                return set()
        return set().union(*(self._sites(session, {number}) for number in wanted))

    async def _notify_pending(self) -> None:
        pending = sorted(self._pending)
        for first in range(0, len(pending), MAX_CONCURRENT):
            done = await asyncio.gather(
                *map(self._notify_site, pending[first : first + MAX_CONCURRENT])
            )
            if not all(done):
                return

    async def _notify_site(self, site: str) -> bool:
        try:
            await self._notify(site)
        except Refused as error:  # the broker is there: it is this site that it does not want
            self._tell(Part.NOTICES, site, str(error))
        except MQTT_ERRORS as error:
            log.info("a notice waits for the broker: %s", error)
            return False
        except Exception as error:  # an id that no topic can name costs its own notices
            self._tell(Part.NOTICES, site, f"{type(error).__name__}: {error}")
        self._pending.discard(site)
        return True


def sites_of_meetings(session: Session, meetings: Iterable[int]) -> set[str]:
    """All sites whose feeds have one of these meetings, also those that left it."""
    tree = Tree.load(session)
    rows = select(Invitation).where(Invitation.meeting_id.in_(list(meetings)))
    found = invited_sites(session, tree, session.scalars(rows), left=True)
    return {site for _, sites in found for site in sites}
