"""The meeting that a hand joined while the hour was not known, kept over a restart of the program.

It is kept in /run alone. A box that does not know the hour cannot know either how long its power
was away: what was joined by evening must not open the camera of an empty hall in the morning, and
whoever is still there has only to hold the button once more.
"""

import json
import logging
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.wire.meeting import Meeting

log = logging.getLogger("diemcau.dismissals")

FILE = "joined.json"
MAX_LENGTH_S = 24 * 3600.0
"""A meeting that says to be longer is one of several days, which a hand joins each day."""


class JoinedByHand:
    """One meeting at the most, until the time for it is over by the clock that nobody sets.

    That time is the meeting's length and the longest overrun, from the join on: nobody else tells
    a box without the hour that the people have gone home.
    """

    def __init__(self, run: Path | None = None) -> None:
        """`run` is the folder of facts, in memory; None: nothing is kept."""
        self._path = None if run is None else run / FILE
        self._uid, self._until = ("", 0.0) if self._path is None else _read(self._path)

    def at(self, monotonic: float) -> str | None:
        """The uid of the meeting at `monotonic`, a time since the boot in seconds."""
        left = self._until - monotonic
        return self._uid if 0 < left <= MAX_LENGTH_S + MAX_OVERRUN_S else None

    def join(self, meeting: Meeting, monotonic: float) -> None:
        """A hand joined; counts whether or not it can be written."""
        length = min(meeting.end - meeting.begin, MAX_LENGTH_S)
        self._keep(meeting.uid, monotonic + length + MAX_OVERRUN_S)

    def leave(self, meeting: Meeting) -> None:
        """A hand left this meeting."""
        if meeting.uid == self._uid:
            self._keep("", 0.0)

    def _keep(self, uid: str, until: float) -> None:
        self._uid, self._until = uid, until
        if self._path is None:
            return
        try:
            content = json.dumps({"uid": uid, "until": until}).encode()
            write_atomically(self._path, content, sync=False)
        except OSError as error:
            log.warning("joined by hand: %s: %s; it counts until the program ends",
                        self._path, error.strerror)  # fmt: skip


def _read(path: Path) -> tuple[str, float]:
    try:
        raw = json.loads(path.read_bytes())
        return str(raw["uid"]), float(raw["until"])
    except FileNotFoundError:
        return "", 0.0
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        log.warning("joined by hand: %s is broken (%s); it counts for nothing", path, error)
        return "", 0.0
