"""The conductor: gathers the facts, asks what to do now, and tells every part what is wanted.

It knows no phase. What differs between phases is a row of `core/scenes.py`, of
`core/floor_control.py` or of `core/decision.py`. If any part dies the program ends, systemd starts
it again, and the same question finds the meeting still on.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from appliance.base.clock import Clock
from appliance.base.config import Site
from appliance.base.texts import text
from appliance.core.decision import Decision, Facts, Phase, decide
from appliance.core.floor_control import Effect, Press
from appliance.core.problems import Problem
from appliance.core.scenes import Scene, next_change, scene
from appliance.wire.enrolment import claim_link
from hardware.gestures import Gesture
from hardware.panel import Button, Panel
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.call.hand import Hand
from services.endpoint.devices.near_devices import NearDevices
from services.endpoint.screen.display import Display
from services.endpoint.status.endpoint_facts import endpoint_facts, with_agenda
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province import Word
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest

log = logging.getLogger("diemcau.conductor")

STATUS_S = 10.0
"""How long the answer to a short press stays on the TV (architecture, section 4)."""
REFUSED_S = 5.0
TURN_S = 5.0
"""At the latest so often everything is asked anew, and the watchdog fed."""


class Conductor:
    """Owns the turn: facts in, one decision out, every part told. `run` owns the parts' tasks."""

    def __init__(
        self,
        site: Site,
        *,
        clock: Clock,
        agendas: AgendaPoller,
        devices: NearDevices,
        panel: Panel,
        dismissals: Dismissals,
        symptoms: SiteProblems,
        reports: Reports,
        line: Callable[[Callable[[], None]], CallKeeper],
        stage: Callable[[Callable[[], None]], Display],
        selftest: SelfTest,
    ) -> None:
        self._site = site
        self._clock = clock
        self._agendas = agendas
        self._devices = devices
        self._panel = panel
        self._dismissals = dismissals
        self._symptoms = symptoms
        self._reports = reports
        self._selftest = selftest
        self._changed = asyncio.Event()
        self.line = line(self._changed.set)
        reports.watch(self.line.moves)
        self._stage = stage(self.line.media)
        self.hand = Hand(self._changed.set)
        self._status_until = self._refused_until = 0.0
        self._claim, self._word = "", Word()
        self._phase: Phase | None = None
        self._since = clock.now()
        self._decision: Decision | None = None
        self._texts = text(site.site.locale)

    async def run(self) -> None:
        """Conduct until cancelled; ends with the first part that ends."""
        self._selftest.changed = self._agendas.changed = self._changed.set
        async with asyncio.TaskGroup() as group:
            for name, part in (
                ("line", self.line.run()),
                ("stage", self._stage.run()),
                ("hand", self.hand.run()),
                ("agenda", self._agendas.run()),
                ("self-test", self._selftest.run()),
                ("panel", self._panel.run()),
                ("presses", self._listen()),
                ("turns", self._turns()),
            ):
                group.create_task(part, name=name)

    def hang_up(self) -> None:
        """A hand left the meeting. Raises `OSError` where that cannot be written down first."""
        if self._decision is not None and self._decision.call is not None:
            log.info("near → left by hand", extra={"MEETING": self._decision.call.uid})
            self._dismissals.dismiss(self._decision.call, self._clock.now())
            self._changed.set()

    def join(self) -> None:
        """A hand takes its hang-up back, for the meetings that are still on."""
        now = self._clock.now()
        for meeting in self._agendas.meetings:
            if meeting.uid in self._dismissals.uids and meeting.begin <= now < meeting.end:
                log.info("near → joined by hand", extra={"MEETING": meeting.uid})
                self._dismissals.take_back(meeting)
        self._changed.set()

    def claimed(self, code: str) -> None:
        """The province has not let this box in yet, and asks for this code; "": it has."""
        self._claim = code
        self._changed.set()

    def told(self, word: Word) -> None:
        """The province's word on hand and floor is another one."""
        self._word = word
        self._changed.set()

    async def _turns(self) -> None:
        while True:
            self._changed.clear()
            wait = self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()

    def _turn(self) -> float:
        """One question and its answer put into effect; seconds until the next at the latest."""
        now, trusted = self._clock.now(), self._clock.trusted()
        self._agendas.clock(now, trusted)
        facts = Facts(
            meetings=self._agendas.meetings,
            call=self.line.fact,
            flowed=self.line.flowed,
            dismissed=self._dismissals.uids,
            clock_trusted=trusted,
        )
        decision = decide(facts, now)
        self._note(decision, now)
        unconfirmed_at = self.hand.turn(
            self.line.call,
            decision.phase,
            now,
            given=decision.meeting is not None and self._word.floor == decision.meeting.uid,
            seen=self._word.hand_seen,
        )
        problems = self._symptoms.at(now, trusted, self.line, decision)
        shown = self._scene(decision, problems, now)
        self._apply(decision, shown, problems, now)
        times = (decision.wake_at, unconfirmed_at, next_change(shown, now))
        return min([TURN_S, *(max(0.0, at - now) for at in times if at is not None)])

    def _apply(
        self, decision: Decision, shown: Scene, problems: tuple[Problem, ...], now: float
    ) -> None:
        """Tell every part what is wanted now; to say it twice is harmless."""
        wanted = decision.call is not None
        self._devices.want(wanted or self._selftest.running, live=self.hand.floor.mic)
        self.line.want(decision.call)
        self._stage.want(shown, self.line.call)
        self._panel.show(shown.lamp)
        if self._stage.shown.is_set():
            facts = endpoint_facts(
                decision,
                shown,
                self.hand.floor,
                problems,
                call=self.line.fact.state,
                tries=self.line.tries,
                ended=self.line.ended,
            )
            agenda = self._agendas
            facts = with_agenda(
                facts,
                agenda.meetings,
                agenda.state.fetched_at,
                now,
                clock_trusted=self._clock.trusted(),
            )
            headline = self._texts(shown.words.headline)
            self._reports.turn(facts, decision, problems, now, headline)

    def _scene(self, decision: Decision, problems: tuple[Problem, ...], now: float) -> Scene:
        call = self.line.call
        return scene(
            decision,
            self.hand.floor,
            now=now,
            zone=self._site.site.zoneinfo,
            site=self._site.site.name,
            problems=problems,
            line=self._symptoms.line_quality,
            speaker=call.floor.speaker if call is not None else "",
            since=self._since,
            status_until=self._status_until,
            refused_until=self._refused_until,
            asks=self._asks,
            selftest=self._selftest.checks,
            claim=self._claim,
            claim_link=claim_link(self._site.province.url, self._claim),
        )

    @property
    def _asks(self) -> bool:
        """Whether this call's far end cannot give the floor: who is called on speaks."""
        return self.line.call is not None and not self.line.call.floor.gives

    def _note(self, decision: Decision, now: float) -> None:
        self._decision = decision
        if decision.phase is not self._phase:
            meeting = decision.meeting.uid if decision.meeting else ""
            log.info(
                "phase: %s → %s",
                self._phase or "start",
                decision.phase,
                extra={"PHASE": decision.phase.value, "MEETING": meeting},
            )
            self._phase, self._since = decision.phase, now

    async def _listen(self) -> None:
        """What people press, one gesture at a time."""
        while True:
            event = await self._panel.event()
            if event.gesture is Gesture.STUCK:
                self.hand.silence(self._clock.now())
            elif event.press is not None and self._decision is not None:
                effect = self._pressed(event.button, event.press, self._decision)
                self._answer(effect, self._clock.now())
            self._changed.set()

    def _pressed(self, button: Button, kind: Press, decision: Decision) -> Effect | None:
        now, phase = self._clock.now(), decision.phase
        free = self._asks or (decision.meeting is not None and decision.meeting.free)
        if button is Button.HAND:
            return self.hand.press(kind, phase=phase, free=free, now=now)
        if kind is Press.SHORT:
            return self.hand.mute(phase=phase, free=free, now=now)
        (self.hang_up if decision.call is not None else self.join)()
        return None

    def _answer(self, effect: Effect | None, now: float) -> None:
        if effect is Effect.SHOW_STATUS:
            self._status_until = now + STATUS_S
        elif effect is Effect.REFUSED:
            self._refused_until = now + REFUSED_S
        elif effect is Effect.SELF_TEST:
            self._selftest.start()
