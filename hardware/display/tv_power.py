"""One TV's power as a state machine: what to send now, from what was wished, seen and heard.

No I/O and no clock: `now` is seconds that never jump. An attempt to wake goes this way (kernel:
``cec-ioc-receive.rst``; HDMI 1.4, supplement 1: CEC, 13.1, 13.2 and 13.13):

1. Give Device Power Status: whether it sleeps. Nothing can be asked of a TV that hides its EDID.
2. Image View On at 0, 1 and 3 s until it is taken; from 0xf while there is no physical address.
3. Wait for the EDID; the kernel then claims our address.
4. Active Source; then Give Device Power Status each second until it is on, and Image View On again
   while it still sleeps.
5. Active Source once more when it has settled, for a slow TV passes over the first; then Request
   Active Source, and again while it goes to an input of its own.

An attempt that does not come so far is made again a minute later, ten times for one occasion. Once
it came there, a TV that is switched off is off by a hand, and stays so until the next occasion.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from hardware.display.cec_uapi import BROADCAST, TV, UNREGISTERED
from hardware.display.follower import answer
from hardware.display.messages import (
    Message,
    Opcode,
    Power,
    active_source,
    power_of,
    to_tv,
    vendor_of,
)
from hardware.display.quirks import ORDINARY, quirks_of
from hardware.display.tv_state import DisplayProblem, Link, Outcome, Request, TvState, Want, Wish

VIEW_ON_S = (0.0, 1.0, 3.0)
"""A TV that wakes from its deepest sleep loses the first message."""
CLAIM_S = 3.0
"""For the kernel to claim our address: three polls of the wire."""
ADDRESS_S = 20.0
"""From the first Image View On until the EDID is there; the slowest that was reported took 15."""
ATTEMPT_S = 45.0
"""The longest until it says that it is on."""
ASK_INTERVAL_S = 1.0
SOURCE_ANSWER_S = 1.5
"""CEC 9.2: a device answers within a second."""
RETRY_S = 60.0
MAX_ATTEMPTS = 10
"""For one occasion: the ten minutes until the begin."""
MAX_REASSERTS = 3
WATCH_S = 60.0
"""Between two questions while the TV is wanted."""
IDLE_WATCH_S = 300.0
"""And while it is not."""
ASK_TWICE_S = 2.0
"""One answer that was lost is no TV that is off."""
AFTER_STANDBY_S = 5.0
REQUEST_TIMEOUT_S = 5.0
"""For the kernel to say what became of a message: five tries take it 2.1 s, and a reply 1."""
MAX_STEPS = 20
"""Steps without a message or a wait; more would be a script that runs in a circle."""

_STATES = {
    Power.ON: TvState.ON,
    Power.STANDBY: TvState.STANDBY,
    Power.TO_ON: TvState.TRANSITION,
    Power.TO_STANDBY: TvState.TRANSITION,
}


@dataclass(frozen=True, slots=True)
class _Pause:
    seconds: float
    unless: Callable[[], bool] = lambda: False


_Script = Generator[Request | _Pause, None, None]
_Answer = Generator[Request | _Pause, None, bool]


class TvPower:
    """The machine of one adapter. `next` gives what to send, `done` takes what became of it."""

    def __init__(self) -> None:
        self.shows_us: bool | None = None
        """Whether this box's picture is shown, as far as anybody said; None: nobody did."""
        self.woke = False
        """Whether this box switched it on, and no hand has touched it since."""
        self.attempting = False
        """Whether an attempt is under way: the socket must be looked at often."""
        self._now = 0.0
        self._wish = Wish()
        self._link = Link()
        self._told = TvState.UNKNOWN
        """What the TV last said, or kept to itself."""
        self._quirks = ORDINARY
        self._vendor_asked = self._driver_failed = False
        self._took_view_on = self._viewed = False
        self._fresh = self._fulfilled = self._unconfirmed = False
        self._pending: Request | None = None
        self._pause: _Pause | None = None
        self._until = float("-inf")
        self._script: _Script = self._watch()

    @property
    def state(self) -> TvState:
        """What is known of the TV now."""
        if self._driver_failed:
            return TvState.ERROR
        if self._link.addressed:
            return self._told
        if self._took_view_on:
            return TvState.TRANSITION if self._viewed else TvState.UNKNOWN
        return TvState.UNKNOWN if self._link.plugged else TvState.NO_LINK

    @property
    def problem(self) -> DisplayProblem | None:
        """What is missing for a picture that is wished, once an attempt has had its time."""
        if self._wish.want is not Want.WAKE:
            return None
        if self._unconfirmed:
            return DisplayProblem.UNCONFIRMED
        other = self._fulfilled and self.shows_us is False
        return DisplayProblem.OTHER_INPUT if other else None

    @property
    def wake_at(self) -> float:
        """When `next` may have something to say again, if nothing is heard before."""
        return self._until

    def want(self, wish: Wish, now: float) -> None:
        """What is wished from now on; the same wish twice changes nothing."""
        self._now = now
        if wish == self._wish:
            return
        self._wish, self._unconfirmed, self._viewed = wish, False, False
        match wish.want:
            case Want.WAKE:
                self._run(self._wake())
            case Want.KEEP:
                self._run(self._watch())
            case Want.REST:
                self._run(self._rest())

    def see(self, link: Link, now: float) -> None:
        """The socket as it is now."""
        self._now = now
        before, self._link = self._link, link
        if before.addressed and not link.addressed:
            self._told, self.shows_us, self._fresh = TvState.UNKNOWN, None, True
        if link.claimed and not before.claimed:
            self._fresh, self._vendor_asked = True, False

    def next(self, now: float) -> Request | None:
        """What to send now; None: nothing, until `wake_at` or until something is heard."""
        self._now = now
        if self._pending is not None:
            if now < self._until:
                return None
            self.done(Outcome.FAILED, None, now)
        for _ in range(MAX_STEPS):
            if self._pause is not None:
                if now < self._until and not self._pause.unless():
                    return None
                self._pause = None
            step = next(self._script, None)
            if step is None:
                self._script = self._watch()
            elif isinstance(step, _Pause):
                self._pause, self._until = step, now + step.seconds
            else:
                self._pending, self._until = step, now + REQUEST_TIMEOUT_S
                return step
        return None

    def done(self, outcome: Outcome, reply: Message | None, now: float) -> None:
        """What became of the message that `next` gave last."""
        self._now = now
        request, self._pending, self._until = self._pending, None, now
        if request is None:
            return
        self._driver_failed = outcome is Outcome.FAILED
        if request.message.destination == TV and outcome is Outcome.NOT_TAKEN:
            self._say(TvState.NO_PEER)
        elif request.message.opcode == Opcode.IMAGE_VIEW_ON and outcome is Outcome.TAKEN:
            self._took_view_on = True
        elif request.reply is Opcode.REPORT_POWER_STATUS and outcome is Outcome.NO_REPLY:
            self._say(TvState.UNKNOWN)
        elif reply is not None:
            self.hear(reply, now)

    def hear(self, message: Message, now: float) -> Message | None:
        """Take a message that came; what is to be answered, if anything."""
        self._now = now
        from_tv = message.initiator == TV
        if from_tv and (vendor := vendor_of(message)) is not None:
            self._quirks = quirks_of(vendor)
        match message.opcode:
            case Opcode.ACTIVE_SOURCE | Opcode.SET_STREAM_PATH | Opcode.ROUTING_CHANGE:
                if message.path is not None:
                    self.shows_us = message.path == self._link.physical_address
            case Opcode.STANDBY if from_tv:
                self._say(TvState.STANDBY)
                self._unconfirmed = self._fulfilled
            case Opcode.REPORT_POWER_STATUS if from_tv:
                power = power_of(message)
                self._say(TvState.UNKNOWN if power is None else _STATES[power])
        ours = self._link.logical_address
        if not self._link.claimed or ours is None:
            return None
        active = self.shows_us is True
        return answer(message, ours, self._link.physical_address, active=active)

    def _say(self, state: TvState) -> None:
        self._told = state
        if state is TvState.STANDBY:
            self.woke = False

    def _run(self, script: _Script) -> None:
        """Begin something else; a message that is on its way is waited for all the same."""
        self._script, self._pause, self.attempting = script, None, False
        if self._pending is None:
            self._until = self._now

    def _wake(self) -> _Script:
        self._fulfilled = False
        for _ in range(MAX_ATTEMPTS):
            if (yield from self._attempt(view_on=True)):
                return
            self._unconfirmed, self._fresh = True, False
            yield _Pause(RETRY_S, lambda: self._fresh or self._told is TvState.ON)

    def _attempt(self, *, view_on: bool) -> _Answer:
        """True once the TV says that it is on, and had its time to go to an input of its own."""
        began, self._took_view_on, self.attempting = self._now, False, True
        try:
            return (yield from self._tried(began, view_on=view_on))
        finally:
            self.attempting = False

    def _tried(self, began: float, *, view_on: bool) -> _Answer:
        if self._link.addressed:
            yield _Pause(CLAIM_S, lambda: self._link.claimed)
        sleeps = (yield from self._is_on()) is False
        if sleeps and view_on:
            yield from self._view_on()
        if not self._link.claimed:
            yield _Pause(began + ADDRESS_S - self._now, lambda: self._link.claimed)
        self._viewed = False
        if not self._link.claimed:
            return False
        yield from self._show()
        said_at = self._now
        while not (yield from self._is_on()):
            if self._now >= began + ATTEMPT_S:
                return False
            idle = self._told in (TvState.STANDBY, TvState.UNKNOWN)
            if view_on and idle and self._now >= said_at + self._quirks.again_s:
                said_at = self._now
                yield from self._say_view_on()
            yield _Pause(ASK_INTERVAL_S)
        self.woke = self.woke or (sleeps and self._took_view_on)
        yield from self._settle(self._now)
        self._fresh = False
        return True

    def _view_on(self) -> _Script:
        self._viewed, began = True, self._now
        for at in VIEW_ON_S:
            yield _Pause(began + at - self._now, lambda: self._link.claimed)
            if self._took_view_on and self._link.claimed:
                return
            yield from self._say_view_on()

    def _settle(self, on_at: float) -> _Script:
        for _ in range(1 + MAX_REASSERTS):
            yield _Pause(self._quirks.settle_s)
            yield from self._show()
            yield from self._ask_source()
            if self.shows_us is None:
                self.shows_us = True
            self._fulfilled, self._unconfirmed = True, False
            left = on_at + self._quirks.reassert_s - self._now
            yield _Pause(left, lambda: self.shows_us is False)
            if self.shows_us is not False or self._told is not TvState.ON:
                return

    def _watch(self) -> _Script:
        while True:
            fresh, self._fresh = self._fresh, False
            on = yield from self._is_on()
            wanted = self._wish.want is Want.WAKE
            if wanted and not on:
                yield _Pause(ASK_TWICE_S)
                on = yield from self._is_on()
                self._unconfirmed = not on
            if wanted and on and (fresh or not self._fulfilled or self.shows_us is None):
                # Switched on by hand, or plugged in again: it is told what to show, and not woken.
                yield from self._attempt(view_on=False)
            elif on:
                self._unconfirmed = False
            yield _Pause(WATCH_S if wanted else IDLE_WATCH_S, lambda: self._fresh)

    def _rest(self) -> _Script:
        """To sleep, but only what this box woke, and what shows nothing else."""
        yield from self._ask_source()
        if self.woke and self.shows_us is True and (yield from self._is_on()):
            ours = self._link.logical_address
            if ours is not None:
                yield Request(to_tv(ours, Opcode.STANDBY))
                yield _Pause(AFTER_STANDBY_S)
        self.woke = False

    def _say_view_on(self) -> _Script:
        ours = self._link.logical_address if self._link.claimed else None
        yield Request(to_tv(UNREGISTERED if ours is None else ours, Opcode.IMAGE_VIEW_ON))

    def _show(self) -> _Script:
        ours = self._link.logical_address
        if self._link.claimed and ours is not None:
            self.shows_us = None
            yield Request(active_source(ours, self._link.physical_address))

    def _ask_source(self) -> _Script:
        ours = self._link.logical_address
        if self._link.claimed and ours is not None:
            yield Request(Message(ours, BROADCAST, Opcode.REQUEST_ACTIVE_SOURCE))
            yield _Pause(SOURCE_ANSWER_S)

    def _is_on(self) -> _Answer:
        ours = self._link.logical_address
        if not self._link.claimed or ours is None:
            return False
        if not self._vendor_asked:
            self._vendor_asked = True
            ask = to_tv(ours, Opcode.GIVE_DEVICE_VENDOR_ID)
            yield Request(ask, Opcode.DEVICE_VENDOR_ID)
        ask = to_tv(ours, Opcode.GIVE_DEVICE_POWER_STATUS)
        yield Request(ask, Opcode.REPORT_POWER_STATUS)
        return self._told is TvState.ON
