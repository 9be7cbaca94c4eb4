"""The site's hand and microphone in a meeting: presses in, the far end told, its word heard."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from appliance.core.decision import Phase
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

log = logging.getLogger("diemcau.hand")


class Hand:
    """Owns the `Floor`. `turn` is asked at every turn of the conductor; `run` tells the far end.

    `changed` is called when the far end's answer made another floor.
    """

    def __init__(self, changed: Callable[[], None], *, answer_s: float = CONFIRM_S) -> None:
        self.floor = Floor()
        self._changed = changed
        self._answer_s = answer_s
        self._call: Call | None = None
        self._asked_at: float | None = None
        self._tell = asyncio.Event()

    def press(self, kind: Press, *, phase: Phase, free: bool, now: float) -> Effect | None:
        """The button; what is asked of others is returned."""
        pressed = press(self.floor, kind, phase=phase, free=free)
        self._be(pressed.floor, now)
        return pressed.effect

    def mute(self, *, phase: Phase, free: bool, now: float) -> Effect | None:
        """The second button."""
        pressed = mute(self.floor, phase=phase, free=free)
        self._be(pressed.floor, now)
        return pressed.effect

    def silence(self, now: float) -> None:
        """Close the microphone: a button that is stuck must not have opened it for good."""
        self._be(replace(self.floor, mic=False), now)

    def turn(
        self,
        call: Call | None,
        phase: Phase,
        now: float,
        *,
        given: bool = False,
        seen: bool = False,
    ) -> float | None:
        """Bring the floor in step with call and phase; when to ask again (POSIX s), if at all.

        `given` and `seen` are the province's word on floor and hand. It counts in a call whose
        far end cannot give the floor (SIP): a room says both itself, and is what people see.
        """
        if call is not self._call:
            self._call = call
            self._tell.set()
        floor, entering = within(self.floor, phase), False
        if call is not None and phase is Phase.IN_MEETING:
            far = call.floor
            if not far.gives:
                seen = seen and self.floor.hand
                far = replace(far, hand_confirmed=far.hand_confirmed or seen, given=given)
            entering = far.entering
            floor = hear(floor, confirmed=far.hand_confirmed, given=far.given)
        self._be(floor, now)
        waiting = floor.hand and not floor.hand_confirmed and phase is Phase.IN_MEETING
        if not waiting or entering:
            self._asked_at = None
            return None
        if self._asked_at is None:
            self._asked_at = now
        if now >= self._asked_at + self._answer_s:
            log.info("far ← our hand was not confirmed in %g s", self._answer_s)
            self._be(fail(floor), now)
            return None
        return self._asked_at + self._answer_s

    async def run(self) -> None:
        """Tell the present call of hand, microphone and floor, each time that they are others."""
        told, told_to = Floor(), None
        while True:
            self._tell.clear()
            call, floor = self._call, self.floor
            if call is not told_to:
                told, told_to = Floor(), call
            if call is not None and floor != told:
                with suppress(TimeoutError, OSError):
                    async with asyncio.timeout(self._answer_s):
                        await self._say(call, floor, told)
                told = floor
                self._changed()
            await self._tell.wait()

    async def _say(self, call: Call, floor: Floor, told: Floor) -> None:
        if floor.hand != told.hand:
            log.info("near → hand %s", "up" if floor.hand else "down")
            await call.set_hand(floor.hand)
        if floor.mic != told.mic:
            log.info("near → microphone %s", "on" if floor.mic else "off")
            await call.set_mic(floor.mic)
        if floor.returned != told.returned:
            log.info("near → floor %s", "given back" if floor.returned else "is no more ours")
            await call.set_returned(floor.returned)

    def _be(self, floor: Floor, now: float) -> None:
        if floor == self.floor:
            return
        if floor.hand and not self.floor.hand:
            self._asked_at = now
        self.floor = floor
        self._tell.set()
