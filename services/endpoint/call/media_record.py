"""In which call media flowed last, and when: what an overrun rests on, kept over a restart.

A meeting that runs over stands in no calendar. A program that was started anew in it, or a box
whose power came back, would take it for over and leave its people in the middle. So the newest call
with media stands in two files: in /run each minute, and on the disk where it matters, which is from
some minutes before the end on.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.core.decision import Decision, MediaFact, Period
from appliance.core.meetings.due import REDIAL_S
from appliance.wire.meeting import EndedMeeting, Meeting
from services.endpoint.call.call_keeper import CallKeeper

log = logging.getLogger("diemcau.media")

FILE = "media.json"
WRITE_S = 60.0
"""A restart is over within it; the disk takes a hundred bytes so often, in an overrun alone."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last call of a program before this one; `at` in POSIX seconds."""

    uid: str
    address: str
    at: float
    ended: bool


class MediaRecord:
    """Gives the fact for a decision, and keeps what the next start of the program needs of it."""

    def __init__(self, folder: Path, run: Path | None = None) -> None:
        """`folder` is on the data partition; `run` the folder of facts, in memory."""
        self._path = folder / FILE
        self._run_path = None if run is None else run / FILE
        paths = [path for path in (self._run_path, self._path) if path is not None]
        self._kept = next((kept for kept in map(_read, paths) if kept is not None), None)
        self._joined: tuple[Meeting, float] | None = None
        self._in_time: tuple[str, float] | None = None
        self._written: tuple[str, bool, bool] | None = None
        self._written_at = float("-inf")

    def fact(
        self, call_keeper: CallKeeper, meetings: tuple[Meeting, ...], now: float, monotonic: float
    ) -> MediaFact | None:
        """The newest call with media, its times as seen from `now` (POSIX s)."""

        def seen(at: float) -> float:
            return round(now + (at - monotonic), 3)

        last, alone_since = call_keeper.last_media, call_keeper.alone_since
        if self._joined is not None and (last is None or (last.at or monotonic) < self._joined[1]):
            return MediaFact(self._joined[0], seen(self._joined[1]))
        if last is None:
            return self._of_kept(meetings)
        in_time = self._in_time
        return MediaFact(
            last.meeting,
            None if last.at is None else seen(last.at),
            last.ended,
            None if alone_since is None else seen(alone_since),
            seen(in_time[1]) if in_time and in_time[0] == last.meeting.uid else float("-inf"),
        )

    def join(self, meeting: Meeting, monotonic: float) -> None:
        """A hand wants into the overrun of `meeting`: dial it as one whose call has just fallen."""
        self._joined = meeting, monotonic

    def reopen(
        self, ended: EndedMeeting, call_keeper: CallKeeper, now: float, monotonic: float
    ) -> None:
        """The chair lets a meeting go on: in its overrun it is dialled as a call that just fell."""
        last = call_keeper.last_media
        if last is not None and last.meeting.occurrence == ended and now >= last.meeting.end:
            self.join(last.meeting, monotonic)

    def note(
        self, decision: Decision, media: MediaFact | None, now: float, monotonic: float
    ) -> None:
        """Take note of a turn; write what the next start of the program has to know.

        A disk that takes nothing costs what it is for: after a power cut an overrun is over.
        """
        call = decision.call
        if call is not None and decision.period is not Period.OVERRUN:
            self._in_time = call.uid, monotonic
        if media is None or (media.last_at is not None and self._written is None):
            return
        state = (media.meeting.uid, media.last_at is None, media.ended)
        if state == self._written and (
            media.last_at is not None or monotonic - self._written_at < WRITE_S
        ):
            return
        self._written, self._written_at = state, monotonic
        at = now if media.last_at is None else media.last_at
        content = json.dumps(
            {
                "uid": media.meeting.uid,
                "address": media.meeting.address,
                "at": at,
                "ended": media.ended,
            }
        ).encode()
        if self._run_path is not None:
            _write(self._run_path, content, sync=False)
        if now >= media.meeting.end - REDIAL_S:
            _write(self._path, content, sync=True)

    def _of_kept(self, meetings: tuple[Meeting, ...]) -> MediaFact | None:
        kept = self._kept
        if kept is None:
            return None
        of_call = [m for m in meetings if (m.uid, m.address) == (kept.uid, kept.address)]
        return MediaFact(of_call[0], kept.at, kept.ended) if of_call else None


def _write(path: Path, content: bytes, *, sync: bool) -> None:
    try:
        write_atomically(path, content, sync=sync)
    except OSError as error:
        log.warning("media: %s: %s; a restart would take the overrun for over", path, error)


def _read(path: Path) -> _Kept | None:
    try:
        raw = json.loads(path.read_bytes())
        return _Kept(str(raw["uid"]), str(raw["address"]), float(raw["at"]), raw["ended"] is True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        log.warning("media: %s is broken (%s); it counts for nothing", path, error)
        return None
