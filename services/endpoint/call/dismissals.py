"""What a hand hung up stays hung up: the meetings that were dismissed, kept over a power cut."""

import json
import logging
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.core.problems import ProblemKey, of_write
from appliance.wire.meeting import Meeting
from services.endpoint.call.joined_by_hand import JoinedByHand

log = logging.getLogger("diemcau.dismissals")

FILE = "dismissed.json"
RETRY_S = 30.0
"""Between two tries to write what the disk did not take."""


class Dismissals:
    """The uids that a hand dismissed, each until its meeting is over.

    A dismissal stands in two files before it is acted on: in /run, so that no restart of the
    program switches the camera back on, and on the disk for a power cut. A disk that is full or
    read-only costs the latter alone: the wish counts, and `problem` says what is wrong.
    """

    def __init__(self, folder: Path, run: Path | None = None) -> None:
        """`folder` is on the data partition; `run` the folder of facts, in memory."""
        self._path = folder / FILE
        self._run_path = None if run is None else run / FILE
        self._until = self._load()
        self._tried_at = 0.0
        self._joined = JoinedByHand(run)
        self.problem: ProblemKey | None = None
        """Why the disk does not have what counts here; None where it has."""

    @property
    def uids(self) -> frozenset[str]:
        """The meetings that nobody wants to be in."""
        return frozenset(self._until)

    def dismiss(self, meeting: Meeting, now: float) -> None:
        """Hung up by hand; counts whether or not it can be written."""
        kept = {uid: until for uid, until in self._until.items() if until > now}
        self._joined.leave(meeting)
        self._keep({**kept, meeting.uid: meeting.end})

    def joined_by_hand(self, monotonic: float) -> frozenset[str]:
        """The meeting that a hand joined while the hour was not known, and has not left since."""
        uid = self._joined.at(monotonic)
        return frozenset() if uid is None else frozenset({uid}) - self._until.keys()

    def take_back(self, meeting: Meeting, *, hour_unknown_at: float | None = None) -> None:
        """Joined by hand again, or without the hour, at that time since the boot (s).

        Counts whether or not it can be written.
        """
        if hour_unknown_at is not None:
            self._joined.join(meeting, hour_unknown_at)
        self._keep({uid: until for uid, until in self._until.items() if uid != meeting.uid})

    def retry(self, monotonic: float) -> None:
        """Write once more what the disk did not take, where the last try is `RETRY_S` ago."""
        if self.problem is not None and monotonic - self._tried_at >= RETRY_S:
            self._tried_at = monotonic
            self._write()

    def _keep(self, until: dict[str, float]) -> None:
        self._until = until
        if self._run_path is not None:
            try:
                write_atomically(self._run_path, self._content, sync=False)
            except OSError as error:
                log.warning("dismissals: %s: %s", self._run_path, error.strerror)
        self._write()

    @property
    def _content(self) -> bytes:
        return json.dumps(self._until).encode()

    def _write(self) -> None:
        before = self.problem
        try:
            write_atomically(self._path, self._content)
            self.problem = None
        except OSError as error:
            self.problem = of_write(error.errno)
            if before is None:
                log.warning("dismissals: %s: %s; they count until the power goes",
                            self._path, error.strerror)  # fmt: skip

    def _load(self) -> dict[str, float]:
        """What is in memory is the newer; on the disk is what outlived the power."""
        paths = [path for path in (self._run_path, self._path) if path is not None]
        return next((found for found in map(_read, paths) if found is not None), {})


def _read(path: Path) -> dict[str, float] | None:
    try:
        raw = json.loads(path.read_bytes())
        return {str(uid): float(until) for uid, until in raw.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # A file that a power cut could not have made: say so, and go by the other, or by none.
        log.warning("dismissals: %s is broken (%s); it counts for nothing", path, error)
        return None
