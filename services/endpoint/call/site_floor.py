"""The site's hand, microphone and floor in a meeting: kept in step with presses and the far end."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from appliance.base.supervisor import Supervisor
from appliance.core.decision import IN_CALL, Phase
from appliance.core.floor_control import (
    CONFIRM_S,
    Effect,
    Floor,
    Press,
    fail,
    hear,
    mute,
    press,
    within,
)
from appliance.dialers.api import Call

log = logging.getLogger("diemcau.floor")


class SiteFloor:
    """Owns the `Floor`. `update` is called at each turn of the conductor; `run` tells the far end.

    `changed` is set when the far end has been told, for its answer may be another floor.
    """

    def __init__(
        self,
        changed: asyncio.Event,
        *,
        confirm_s: float = CONFIRM_S,
        supervisor: Supervisor | None = None,
    ) -> None:
        self.floor = Floor()
        self._supervisor = supervisor or Supervisor(changed.set)
        self._changed = changed
        self._confirm_s = confirm_s
        self._call: Call | None = None
        self._asked_at: float | None = None
        self._outdated = asyncio.Event()
        """Set when the far end may know another floor, or there is another far end."""

    def press(self, kind: Press, *, phase: Phase, free: bool, now: float) -> Effect | None:
        """The first button was pressed; what is asked of others is returned."""
        pressed = press(self.floor, kind, phase=phase, free=free)
        self._set(pressed.floor, now)
        return pressed.effect

    def mute(self, *, phase: Phase, free: bool, now: float) -> Effect | None:
        """The second button was pressed."""
        pressed = mute(self.floor, phase=phase, free=free)
        self._set(pressed.floor, now)
        return pressed.effect

    def close_microphone(self, now: float) -> None:
        """A button that is stuck must not have opened it for good."""
        self._set(replace(self.floor, mic=False), now)

    def update(
        self,
        call: Call | None,
        phase: Phase,
        now: float,
        *,
        given: bool = False,
        hand_seen: bool = False,
    ) -> float | None:
        """Bring the floor in step with call and phase; when to ask again, if at all.

        `now` and the answer are seconds of a clock that never jumps, as in `press`: they measure
        how long an answer is waited for, and nothing else.

        `given` and `hand_seen` are the province's word on floor and hand. It counts in a call whose
        far end cannot give the floor (SIP): a room says both itself, and is what people see.
        """
        if call is not self._call:
            self._call = call
            self._outdated.set()
        floor, entering = within(self.floor, phase), False
        if call is not None and phase in IN_CALL:
            far = call.floor
            if not far.gives:
                seen = hand_seen and self.floor.hand
                far = replace(far, hand_confirmed=far.hand_confirmed or seen, given=given)
            entering = far.entering
            floor = hear(floor, confirmed=far.hand_confirmed, given=far.given)
        self._set(floor, now)
        waiting = floor.hand and not floor.hand_confirmed and phase in IN_CALL
        if not waiting or entering:
            self._asked_at = None
            return None
        if self._asked_at is None:
            self._asked_at = now
        if now >= self._asked_at + self._confirm_s:
            log.info("far ← our hand was not confirmed in %g s", self._confirm_s)
            self._set(fail(floor), now)
            return None
        return self._asked_at + self._confirm_s

    async def run(self) -> None:
        """Tell the present call of hand, microphone and floor, each time that they are others."""
        known, known_by = Floor(), None
        while True:
            self._outdated.clear()
            call, floor = self._call, self.floor
            if call is not known_by:
                known, known_by = Floor(), call
            if call is not None and floor != known:
                # What is not told is not confirmed, and the lamp says so after `CONFIRM_S`.
                with self._supervisor.contain("floor"), suppress(TimeoutError, OSError):
                    async with asyncio.timeout(self._confirm_s):
                        await _tell(call, floor, known)
                known = floor
                self._changed.set()
            await self._outdated.wait()

    def _set(self, floor: Floor, now: float) -> None:
        if floor == self.floor:
            return
        if floor.hand and not self.floor.hand:
            self._asked_at = now
        self.floor = floor
        self._outdated.set()


async def _tell(call: Call, floor: Floor, known: Floor) -> None:
    """Tell the far end what of `floor` it does not know."""
    if floor.hand != known.hand:
        log.info("near → hand %s", "up" if floor.hand else "down")
        await call.set_hand(floor.hand)
    if floor.mic != known.mic:
        log.info("near → microphone %s", "on" if floor.mic else "off")
        await call.set_mic(floor.mic)
    if floor.returned != known.returned:
        log.info("near → floor %s", "given back" if floor.returned else "is no more ours")
        await call.set_returned(floor.returned)
