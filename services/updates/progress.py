"""Tells what is done with a stick: to the journal, and in a fact file that the endpoint shows."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from appliance.base.errors import FactFileError
from appliance.base.fact_file import STICK_FILE
from appliance.wire.facts import StickFacts

log = logging.getLogger("diemcau.stick")


class StickState(StrEnum):
    """What is done with a stick; the endpoint makes its problem keys of the values."""

    READING = "reading"
    INSTALLING = "installing"
    WAITING = "waiting"  # the next power-on installs or starts it
    REFUSED = "refused"
    DONE = "done"


class Progress:
    """How far one stick is."""

    def __init__(self, run: Path, now: Callable[[], float] = time.time) -> None:
        self._run = run
        self._now = now
        self._state, self._detail = StickState.READING, ""

    def tell(self, state: StickState, detail: str) -> None:
        """Write a new state, with `detail` for whoever reads the journal."""
        self._state, self._detail = state, detail
        log.info("stick: %s: %s", state.value, detail)
        self.repeat()

    def repeat(self) -> None:
        """Write the same state once more: the endpoint takes one that is old for over."""
        if not self._run.is_dir():
            return  # there is nobody to tell
        try:
            facts = StickFacts(stage=self._state.value, detail=self._detail)
            STICK_FILE.write(self._run, facts, self._now())
        except FactFileError as error:
            log.warning("%s", error)
