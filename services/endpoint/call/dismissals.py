"""What a hand hung up stays hung up: the meetings that were dismissed, kept over a power cut."""

import json
import logging
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.wire.meeting import Meeting

log = logging.getLogger("diemcau.dismissals")


class Dismissals:
    """The uids that a hand dismissed, each until its meeting is over.

    A dismissal is on the disk before it is acted on, so that no restart switches the camera back
    on.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "dismissed.json"
        self._until = self._load()

    @property
    def uids(self) -> frozenset[str]:
        """The meetings that nobody wants to be in."""
        return frozenset(self._until)

    def dismiss(self, meeting: Meeting, now: float) -> None:
        """Hung up by hand. Raises `OSError` where it cannot be written: then it is not done."""
        kept = {uid: until for uid, until in self._until.items() if until > now}
        self._keep({**kept, meeting.uid: meeting.end})

    def take_back(self, meeting: Meeting) -> None:
        """Joined by hand again."""
        self._keep({uid: until for uid, until in self._until.items() if uid != meeting.uid})

    def _keep(self, until: dict[str, float]) -> None:
        write_atomically(self._path, json.dumps(until).encode())
        self._until = until

    def _load(self) -> dict[str, float]:
        try:
            raw = json.loads(self._path.read_bytes())
            return {str(uid): float(until) for uid, until in raw.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            # A file that a power cut could not have made: say so, and begin with none.
            log.warning("dismissals: %s is broken (%s); nothing counts as dismissed", self._path,
                        error)  # fmt: skip
            return {}
