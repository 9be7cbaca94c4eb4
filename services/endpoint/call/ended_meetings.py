"""Which meetings the chair has ended, as the province said last; kept over a power cut."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.wire.desired import MAX_ENDED
from appliance.wire.meeting import EndedMeeting

log = logging.getLogger("diemcau.ended")

FILE = "ended.json"


class EndedMeetings:
    """`now` is what counts; a box that starts without its province goes by what it heard before.

    Of a disk that takes nothing the word counts all the same, until the power goes.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is on the data partition."""
        self._path = folder / FILE
        self.now: frozenset[EndedMeeting] = frozenset(_read(self._path))
        self._reopened: set[EndedMeeting] = set()

    def take(self, ended: Iterable[EndedMeeting]) -> None:
        """The province's newest word, which replaces the one before."""
        new = frozenset(ended)
        if new == self.now:
            return
        for uid, _ in new - self.now:
            log.info("province → ended by the chair", extra={"MEETING": uid})
        for uid, _ in self.now - new:
            log.info("province → no more ended by the chair", extra={"MEETING": uid})
        self._reopened = (self._reopened | self.now) - new
        self.now = new
        try:
            write_atomically(self._path, json.dumps(sorted(new)).encode())
        except OSError as error:
            log.warning("ended: %s: %s; it counts until the power goes", self._path, error.strerror)

    def reopened(self) -> frozenset[EndedMeeting]:
        """Those that go on after all, each once."""
        found, self._reopened = frozenset(self._reopened), set()
        return found


def _read(path: Path) -> list[EndedMeeting]:
    try:
        return [(str(uid), int(begin)) for uid, begin in json.loads(path.read_bytes())[:MAX_ENDED]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        log.warning("ended: %s is broken (%s); it counts for nothing", path, error)
        return []
