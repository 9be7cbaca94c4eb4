"""Keeps the broker's files true while it runs: revocations at once, renewals long before an end."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from services.province.broker.configuration import BrokerFiles
from services.province.ca.authority import Authority
from services.province.ca.enrolment import Enrolment
from services.province.ca.ledger import FolderLedger
from services.province.ca.renewal import Validity

log = logging.getLogger("diemcau.province.upkeep")

POLL_INTERVAL_S = 1.0
"""Another copy of the program may have revoked a certificate; and the clock may have been set."""
RETRY_S = 60.0
"""After the disk refused a file; what there is goes on being used."""


class Upkeep:
    """`write` is to be called before the broker starts; `changed` waits until it must restart."""

    def __init__(
        self,
        files: BrokerFiles,
        names: Sequence[str],
        authority: Authority,
        enrolment: Enrolment,
        ledger: FolderLedger,
        *,
        web: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._files = files
        self._names = names
        self._authority = authority
        self._enrolment = enrolment
        self._ledger = ledger
        self._web = web
        self._now = now
        self._version = 0
        self._revoked: set[int] = set()
        self._validity = Validity(0.0, 0.0)

    def write(self) -> None:
        """Make all files as they must be now. Raises `OSError`."""
        now, version, revoked = self._now(), self._ledger.version(), self._enrolment.revoked()
        made = self._files.write(self._authority, self._names, now, web=self._web)
        validity = made.both(self._files.revoke(self._authority, revoked, now))
        self._version, self._revoked, self._validity = version, revoked, validity

    async def changed(self) -> None:
        """Return when the files were made anew, because of a revocation, whichever copy of the
        program did it, or of a renewal. What the disk refuses is told and tried again."""
        while True:
            await asyncio.sleep(POLL_INTERVAL_S)
            try:
                if not await asyncio.to_thread(self._due):
                    continue
                await asyncio.to_thread(self.write)
            except OSError as error:
                log.error("certificates and revocations are not written: %s", error)  # noqa: TRY400
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _due(self) -> bool:
        if not self._validity.fresh(self._now()):
            return True
        version = self._ledger.version()
        if version == self._version:
            return False
        revoked = self._enrolment.revoked()
        self._version = version
        return revoked != self._revoked
