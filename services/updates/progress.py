"""Says what the stick is doing: to the journal, and in a fact file that the endpoint shows."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from appliance.base.errors import FactFileError
from appliance.base.fact_file import STICK_FILE
from appliance.wire.facts import StickFacts

log = logging.getLogger("diemcau.stick")

AGAIN_S = 5.0
"""While something is being done the file is written so often; otherwise the doer is dead."""


class Stage(StrEnum):
    """How far the stick is; the endpoint has the same (`status/stick.py`)."""

    READING = "reading"
    INSTALLING = "installing"
    WAITING = "waiting"  # the next power-on installs or starts it
    REFUSED = "refused"
    DONE = "done"


class Progress:
    """One stick's story, told as it goes on."""

    def __init__(self, run: Path, now: Callable[[], float] = time.time) -> None:
        self._run = run
        self._now = now
        self._stage, self._detail = Stage.READING, ""

    def tell(self, stage: Stage, detail: str, **fields: str) -> None:
        """A new stage; `fields` are the journal's, to search by."""
        self._stage, self._detail = stage, detail
        log.info("stick: %s: %s", stage.value, detail, extra=fields)
        self.again()

    def again(self) -> None:
        """The same still holds."""
        if not self._run.is_dir():
            return  # there is nobody to tell
        try:
            facts = StickFacts(stage=self._stage.value, detail=self._detail)
            STICK_FILE.write(self._run, facts, self._now())
        except FactFileError as error:
            log.warning("%s", error)
