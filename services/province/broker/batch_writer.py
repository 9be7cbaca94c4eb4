"""Stores a batch of reports whole, and finds the one that never can be stored."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.wire.report import Report
from appliance.wire.topics import Kind

log = logging.getLogger("diemcau.province.ingest")

MAX_STORE_TRIES, STORE_RETRY_S = 3, 0.2


@dataclass(frozen=True, slots=True)
class Incoming:
    """One report as it came in, `received_at` by our own clock."""

    site: str
    kind: Kind
    report: Report
    received_at: float

    @property
    def state(self) -> Mapping[str, Any]:
        """The payload's fields without the report's id."""
        report_id = self.report.id.values
        return {key: value for key, value in self.report.values.items() if key not in report_id}


class UnstorableError(Exception):
    """A store's word that the reports themselves are at fault, and not the database."""


Store = Callable[[Sequence[Incoming]], None]
"""Stores a batch whole or raises; called in a thread. Whatever it raises, the batch is tried again:
a report that was stored before must change nothing, and a site that is not known is passed over."""


class BatchWriter:
    """Tries `store`; `refuse` is called with each report that never can be stored, and why."""

    def __init__(self, store: Store, refuse: Callable[[Incoming, str], None]) -> None:
        self._store = store
        self._refuse = refuse

    async def stored(self, batch: list[Incoming]) -> bool:
        """Whether the batch is done with; what can never be stored is taken out of it."""
        if not batch or (error := await asyncio.to_thread(self._try, batch)) is None:
            return True
        log.warning("not stored: %s: %s", type(error).__name__, error)
        failed = [
            (one, why)
            for one in batch
            if (why := await asyncio.to_thread(self._try, [one])) is not None
        ]
        condemned = [pair for pair in failed if isinstance(pair[1], UnstorableError)]
        bad = [one for one, _ in failed]
        good = next((one for one in batch if one not in bad), None)
        for one, why in failed:
            if (one, why) in condemned or good is None:
                continue
            if await self._can_never_be_stored(one, good):
                condemned.append((one, why))
        for one, why in condemned:
            batch.remove(one)
            self._refuse(one, f"{type(why).__name__}: {why}")
        return len(condemned) == len(failed)

    async def _can_never_be_stored(self, one: Incoming, good: Incoming) -> bool:
        """Whether the error is this report's and not the storage's.

        Before and after it fails, one that was stored is stored again without an error, time after
        time. A database that comes back in the middle of a pass condemns no report.
        """
        for _ in range(MAX_STORE_TRIES):
            for probe, must_fail in ((good, False), (one, True), (good, False)):
                if (await asyncio.to_thread(self._try, [probe]) is not None) != must_fail:
                    return False
            await asyncio.sleep(STORE_RETRY_S)
        return True

    def _try(self, batch: Sequence[Incoming]) -> Exception | None:
        try:
            self._store(batch)
        except Exception as error:  # of whatever driver: the batch is not lost, whatever it was
            return error
        return None
