"""Keeps the one call that is wanted, and dials again for as long as it is wanted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from appliance.base.errors import PartError
from appliance.base.supervisor import Supervisor, error_line
from appliance.base.tasks import raise_if_cancelled
from appliance.core.decision import CallFact, CallState
from appliance.core.end_reasons import EndReason
from appliance.core.redial import (
    NOT_OPEN,
    first_delay,
    opening_delay,
    power_delay,
    retry_delay,
    tries_after,
)
from appliance.dialers.api import DIAL_DEADLINE_S, Call, DialError
from appliance.wire.meeting import Meeting

Result = TypeVar("Result")

log = logging.getLogger("diemcau.call")

Dial = Callable[[Meeting], Awaitable[Call]]
"""A meeting goes in, a call comes out; the near end's tracks are the caller's business."""

FIRST_MEDIA_S = 12.0
"""A call without a packet for so long is no call (ICE fails at about ten)."""
SILENT_MEDIA_S = 8.0
"""No packet in a running call: longer than any Wi-Fi roam or ring protection switch."""
WATCHDOG_SILENCE_S = 25.0
"""Twice the time after which a silent call is ended: what should have ended it does not run."""
BEGIN_SPREAD_S = 5.0
"""At the begin all sites that were refused before call at once: so long they take together."""
HANG_UP_S = 4.0
"""A polite leave; the far end notices a dead peer by itself after that."""
MAX_LEAVES = 3
"""A hang-up that raises is tried again; a call that nobody can end is a camera that nobody sees."""
MIN_WAIT_S = 0.001
"""A loop's timers fire a clock tick early; what is left then is no time to wait for."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the last call or try ended, for the screen and the report."""

    reason: EndReason
    detail: str


@dataclass(frozen=True, slots=True)
class LastMedia:
    """The newest call in which media flowed; `at` is monotonic, None while they flow."""

    meeting: Meeting
    at: float | None = None
    ended: bool = False


class CallKeeper:
    """One call at a time, as it is wanted *now*.

    `want` may be called as often as one likes; `run` owns the call. `changed` is set whenever
    `fact`, `flowed`, `call` or `ended` is another.
    """

    def __init__(
        self,
        dial: Dial,
        changed: asyncio.Event,
        *,
        seed: str,
        spread: float = 0.0,
        uptime_s: float = inf,
        dial_deadline_s: float = DIAL_DEADLINE_S,
        supervisor: Supervisor | None = None,
    ) -> None:
        """`uptime_s`: the board's, when this program started; see `power_delay`."""
        self._dial = dial
        self._changed = changed
        self._seed = seed
        self._spread = spread
        self._uptime_s: float | None = uptime_s
        """None once a call was wanted, or a hand wants one: nobody waits for a turn after that."""
        self._dial_deadline_s = dial_deadline_s
        self._supervisor = supervisor or Supervisor(changed.set)
        self._wanted: Meeting | None = None
        self._early = False
        self._begun = asyncio.Event()
        self._wish_changed = asyncio.Event()
        self._media_at: float | None = None
        self._up_at = 0.0
        self.fact = CallFact()
        self.flowed: frozenset[str] = frozenset()
        self.last_media: LastMedia | None = None
        self.alone_since: float | None = None
        """Monotonic, since when nobody else is in; None: somebody is, or it is not known."""
        self.call: Call | None = None
        self.ended: Ended | None = None
        self.tries = 0
        self.turn_at = -inf
        """Monotonic, until when this site waits for its turn after the power came back."""

    def want(self, meeting: Meeting | None, now: float = -inf, *, early: bool = False) -> None:
        """From now on this meeting's call is wanted, or none; `early`: it has not begun yet.

        Who is refused early is not hurried; at the begin it is tried as if for the first time.
        By `now` (POSIX s) is told for how long the meeting was due while this site had no power.
        """
        if meeting is not None and self._uptime_s is not None:
            wait = power_delay(self._seed, self._uptime_s, now - meeting.doors)
            self._uptime_s = None
            if wait:
                log.info("the power came back in a meeting: connecting in %.1f s", wait)
                self.turn_at = asyncio.get_running_loop().time() + wait
        self._early = early
        if early:
            self._begun.clear()
        else:
            self._begun.set()
        same = _identity(meeting) == _identity(self._wanted)
        self._wanted = meeting  # the next try has its newest PIN
        if not same:
            self._wish_changed.set()

    def begin_anew(self, uid: str) -> None:
        """A hand joins this meeting again: no connection broke, and the TV says none did."""
        self.flowed -= {uid}
        self._uptime_s, self.turn_at = None, -inf  # who stands there need not wait

    @property
    def not_open(self) -> bool:
        """Whether the last try was refused because the far end is not open yet."""
        ended = self.ended
        return self._early and ended is not None and ended.reason in NOT_OPEN

    def note_media(self) -> None:
        """A packet of the far end was shown or played in the present call."""
        self._media_at = asyncio.get_running_loop().time()
        wanted = self._wanted
        if wanted is None or self.fact.state is not CallState.UP:
            return
        if (self.fact.uid, self.fact.address) != (wanted.uid, wanted.address):
            return
        if self.last_media is None or self.last_media.at is not None:
            self.flowed |= {self.fact.uid}
            self.last_media = LastMedia(wanted)
            self._changed.set()

    def media_moves(self, monotonic: float) -> bool:
        """Whether media moves wherever it should: what the watchdog is fed with.

        A silent call is ended long before; if it is not, this program no longer works.
        """
        call = self.call
        if call is None or (call.video is None and call.audio is None):
            return True
        return monotonic - (self._alive_at(call) or self._up_at) < WATCHDOG_SILENCE_S

    async def run(self) -> None:
        """Keep the wanted call up until cancelled; then hang up."""
        try:
            while True:
                self._wish_changed.clear()
                if self._wanted is None:
                    await self._wish_changed.wait()
                    continue
                await self._keep_calling(self._wanted)
        finally:
            await self._hang_up()

    async def _keep_calling(self, meeting: Meeting) -> None:
        """Dial this meeting again and again until another one is wanted, or none."""
        self.tries, self.ended = 0, None
        turn_s = self.turn_at - asyncio.get_running_loop().time()
        await self._pause(max(first_delay(self._seed, self._spread), turn_s))
        while not self._wish_changed.is_set():
            started = asyncio.get_running_loop().time()
            self._media_at = None
            self.ended = await self._attempt(self._wanted or meeting)
            await self._hang_up()
            if self._wish_changed.is_set():
                break
            media_s = 0.0 if self._media_at is None else self._media_at - started
            self.tries = tries_after(self.tries, media_s)
            wait = retry_delay(self.tries, self.ended.reason, self._seed)
            if self.not_open:
                wait = opening_delay(self.tries, self._seed)
            log.info(
                "near ← call ended: %s (%s); next try in %.1f s",
                self.ended.reason,
                self.ended.detail,
                wait,
                extra={"MEETING": meeting.uid, "REASON": self.ended.reason.value},
            )
            if self.not_open:
                await self._pause_until_begin(wait)
            else:
                await self._pause(wait)

    async def _pause_until_begin(self, seconds: float) -> None:
        """Wait, or until the meeting begins: then it is open, and all sites call."""
        with suppress(TimeoutError):
            await self._unless_wish_changes(self._begun.wait(), seconds)
            if not self._wish_changed.is_set():
                self.tries = 0
                await self._pause(first_delay(self._seed, BEGIN_SPREAD_S))

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wish_changed.wait()

    async def _attempt(self, meeting: Meeting) -> Ended:
        """One try: from dialing to the end of the call, or to another wish.

        Whatever a dialer or a call raises costs this try: the next comes as after a lost call.
        """
        try:
            return await self._call_once(meeting)
        except (Exception, asyncio.CancelledError) as error:
            raise_if_cancelled()  # else it was cancelled inside the dialer, by nobody's wish
            self._supervisor.note("call", error)
            return Ended(EndReason.LOST, f"this end failed: {error_line(error)}")

    async def _call_once(self, meeting: Meeting) -> Ended:
        self._set_state(CallState.DIALING, meeting)
        log.info("near → dialing %s", meeting.title, extra={"MEETING": meeting.uid})
        try:
            self.call = await self._unless_wish_changes(self._dial(meeting), self._dial_deadline_s)
        except DialError as error:
            return Ended(error.reason, error.detail)
        except TimeoutError:
            return Ended(EndReason.UNREACHABLE, f"no answer within {self._dial_deadline_s:g} s")
        if self.call is None:
            return Ended(EndReason.OURS, "another meeting is wanted, or none")
        self._set_state(CallState.UP, meeting)
        return await self._stay(self.call)

    async def _stay(self, call: Call) -> Ended:
        """Stay in the call until it ends, falls silent, or another wish comes."""
        self._up_at = asyncio.get_running_loop().time()
        while call.ended is None and not self._wish_changed.is_set():
            self._note_alone(call)
            left_s = self._silence_left_s(call)
            if left_s < MIN_WAIT_S:
                return Ended(EndReason.LOST, "the far end's media stopped")
            with suppress(TimeoutError):
                await self._unless_wish_changes(call.changed(), left_s)
                self._changed.set()
        if call.ended is not None:
            return Ended(call.ended, call.detail)
        return Ended(EndReason.OURS, "the call is no longer wanted")

    def _silence_left_s(self, call: Call) -> float:
        """Seconds until a call that should carry media counts as lost; alone in a room is none."""
        now = asyncio.get_running_loop().time()
        if call.video is None and call.audio is None:
            self._media_at = now
        alive_at = self._alive_at(call)
        if alive_at is None:
            return self._up_at + FIRST_MEDIA_S - now
        return alive_at + SILENT_MEDIA_S - now

    def _note_alone(self, call: Call) -> None:
        if not call.alone:
            self.alone_since = None
        elif self.alone_since is None:
            self.alone_since = asyncio.get_running_loop().time()

    def _alive_at(self, call: Call) -> float | None:
        """When the far end last showed that it is there; None before it has.

        A far end that holds, or suppresses silence, sends RTCP alone.
        """
        heard_at = call.heard_at if call.heard_at > self._up_at else None
        return max(filter(None, (self._media_at, heard_at)), default=None)

    async def _unless_wish_changes(self, work: Awaitable[Result], seconds: float) -> Result | None:
        """The result of `work`, or None as soon as another call is wanted.

        Raises `TimeoutError` after `seconds`, and whatever `work` raises.
        """
        task = asyncio.ensure_future(work)
        changes = asyncio.ensure_future(self._wish_changed.wait())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({task, changes}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            changes.cancel()
            task.cancel()
            await asyncio.gather(task, changes, return_exceptions=True)

    async def _hang_up(self) -> None:
        """Close what there is of a call; nothing of it is left when this returns or raises."""
        call, self.call = self.call, None
        self._note_end()
        try:
            if call is not None:
                self._set_state(CallState.CLOSING, None)
                await self._leave(call)
        finally:
            self._set_state(CallState.DOWN, None)

    def _note_end(self) -> None:
        """Media flow no more in what was the call; who left it, or was told to, has ended it."""
        self.alone_since = None
        if self.last_media is not None and self.last_media.at is None:
            reason = self.ended.reason if self.ended is not None else EndReason.OURS
            at = asyncio.get_running_loop().time() if self._media_at is None else self._media_at
            ended = reason in (EndReason.OURS, EndReason.FAR_END)
            self.last_media = LastMedia(self.last_media.meeting, at, ended)

    async def _leave(self, call: Call) -> None:
        """Raises `PartError` where nobody knows whether the far end still sees and hears us."""
        for _ in range(MAX_LEAVES):
            with self._supervisor.contain("call"):
                try:
                    async with asyncio.timeout(HANG_UP_S):
                        await call.hang_up()
                except TimeoutError:
                    log.warning("far ← no answer to our leaving; dropped")
                return
        raise PartError(f"a call could not be ended in {MAX_LEAVES} tries")

    def _set_state(self, state: CallState, meeting: Meeting | None) -> None:
        if meeting is not None:
            fact = CallFact(state, meeting.uid, meeting.address)
        elif state is CallState.DOWN:
            fact = CallFact()
        else:
            fact = CallFact(state, self.fact.uid, self.fact.address)
        if fact != self.fact:
            self.fact = fact
            self._changed.set()


def _identity(meeting: Meeting | None) -> tuple[str, str, str] | None:
    """Whose call it is; another ID is another conference at the same address."""
    if meeting is None:
        return None
    return meeting.uid, meeting.address, meeting.codes.number if meeting.codes else ""
