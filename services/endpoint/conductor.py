"""The conductor: gathers the facts, asks what to do now, and tells every part what is wanted.

It knows no phase. What differs between phases is a row of `core/scenes.py`, of
`core/floor_control.py` or of `core/decision.py`. If any part dies the program ends, systemd starts
it again, and the same question finds the meeting still on.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, assert_never

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
from services.endpoint.call.site_floor import SiteFloor
from services.endpoint.devices.near_devices import NearDevices
from services.endpoint.screen.display import Display
from services.endpoint.status.endpoint_facts import endpoint_facts, with_agenda
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province_facts import ProvinceFacts
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest

log = logging.getLogger("diemcau.conductor")

STATUS_SHOWN_S = 10.0
"""How long the answer to a short press stays on the TV."""
REFUSED_SHOWN_S = 5.0
MAX_TURN_INTERVAL_S = 5.0
"""At the latest so often everything is asked anew, and the watchdog fed."""


class Conductor:
    """Owns the turn: facts in, one decision out, every part told. `run` owns the parts' tasks.

    `changed` is the one event that each part sets when something of it is another: a turn follows.
    """

    def __init__(
        self,
        site: Site,
        *,
        changed: asyncio.Event,
        clock: Clock,
        agenda_poller: AgendaPoller,
        call_keeper: CallKeeper,
        devices: NearDevices,
        dismissals: Dismissals,
        display: Display,
        panel: Panel,
        problems: SiteProblems,
        province: ProvinceFacts,
        reports: Reports,
        self_test: SelfTest,
        site_floor: SiteFloor,
    ) -> None:
        self._site = site
        self._changed = changed
        self._clock = clock
        self._agenda_poller = agenda_poller
        self._call_keeper = call_keeper
        self._devices = devices
        self._dismissals = dismissals
        self._display = display
        self._panel = panel
        self._problems = problems
        self._province = province
        self._reports = reports
        self._self_test = self_test
        self._site_floor = site_floor
        self._status_until = self._refused_until = 0.0
        self._phase: Phase | None = None
        self._since = clock.now()
        self._decision: Decision | None = None
        self._texts = text(site.site.locale)
        reports.watch(call_keeper.media_moves)

    async def run(self, *others: Coroutine[Any, Any, None]) -> None:
        """Run all parts, and `others` beside them, until cancelled or until one of them ends."""
        async with asyncio.TaskGroup() as group:
            for name, part in (
                ("call", self._call_keeper.run()),
                ("display", self._display.run()),
                ("floor", self._site_floor.run()),
                ("agenda", self._agenda_poller.run()),
                ("province", self._province.run()),
                ("self-test", self._self_test.run()),
                ("panel", self._panel.run()),
                ("presses", self._handle_presses()),
                ("turns", self._run_turns()),
            ):
                group.create_task(part, name=name)
            for other in others:
                group.create_task(other)

    def hang_up(self) -> None:
        """A hand left the meeting. Raises `OSError` where that cannot be written down first."""
        if self._decision is not None and self._decision.call is not None:
            log.info("near → left by hand", extra={"MEETING": self._decision.call.uid})
            self._dismissals.dismiss(self._decision.call, self._clock.now())
            self._changed.set()

    def join(self) -> None:
        """A hand takes its hang-up back, for the meetings that are still on."""
        now = self._clock.now()
        for meeting in self._agenda_poller.meetings:
            if meeting.uid in self._dismissals.uids and meeting.begin <= now < meeting.end:
                log.info("near → joined by hand", extra={"MEETING": meeting.uid})
                self._dismissals.take_back(meeting)
        self._changed.set()

    async def _run_turns(self) -> None:
        while True:
            self._changed.clear()
            wait = self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()

    def _turn(self) -> float:
        """One question and its answer put into effect; seconds until the next at the latest."""
        now, trusted = self._clock.now(), self._clock.trusted()
        self._agenda_poller.set_clock(now, trusted)
        facts = Facts(
            meetings=self._agenda_poller.meetings,
            call=self._call_keeper.fact,
            flowed=self._call_keeper.flowed,
            dismissed=self._dismissals.uids,
            clock_trusted=trusted,
        )
        decision = decide(facts, now)
        self._note_phase(decision, now)
        word = self._province.word
        unconfirmed_at = self._site_floor.update(
            self._call_keeper.call,
            decision.phase,
            now,
            given=decision.meeting is not None and word.floor == decision.meeting.uid,
            hand_seen=word.hand_seen,
        )
        problems = self._problems.at(now, trusted, self._call_keeper, decision)
        shown = self._scene(decision, problems, now)
        self._apply(decision, shown, problems, now)
        times = (decision.wake_at, unconfirmed_at, next_change(shown, now))
        return min([MAX_TURN_INTERVAL_S, *(max(0.0, at - now) for at in times if at is not None)])

    def _apply(
        self, decision: Decision, shown: Scene, problems: tuple[Problem, ...], now: float
    ) -> None:
        """Tell every part what is wanted now; to say it twice is harmless."""
        wanted = decision.call is not None
        self._devices.want(wanted or self._self_test.running, live=self._site_floor.floor.mic)
        self._call_keeper.want(decision.call)
        self._display.want(shown, self._call_keeper.call)
        self._panel.show(shown.lamp)
        if self._display.shown.is_set():
            facts = endpoint_facts(
                decision,
                shown,
                self._site_floor.floor,
                problems,
                call=self._call_keeper.fact.state,
                tries=self._call_keeper.tries,
                ended=self._call_keeper.ended,
            )
            agenda = self._agenda_poller
            facts = with_agenda(
                facts,
                agenda.meetings,
                agenda.state.fetched_at,
                now,
                clock_trusted=self._clock.trusted(),
                problems=agenda.state.agenda.problems,
            )
            headline = self._texts(shown.words.headline)
            measured: dict[str, str | float] = {
                **self._self_test.result,
                **self._problems.line_figures,
                **self._devices.figures,
            }
            self._reports.turn(facts, decision, problems, now, headline, measured)

    def _scene(self, decision: Decision, problems: tuple[Problem, ...], now: float) -> Scene:
        call = self._call_keeper.call
        return scene(
            decision,
            self._site_floor.floor,
            now=now,
            zone=self._site.site.zoneinfo,
            site=self._site.site.name,
            problems=problems,
            line=self._problems.line_quality,
            speaker=call.floor.speaker if call is not None else "",
            since=self._since,
            status_until=self._status_until,
            refused_until=self._refused_until,
            asks_to_speak=self._asks_to_speak,
            selftest=self._self_test.checks,
            claim=self._province.claim,
            claim_link=claim_link(self._site.province.url, self._province.claim),
        )

    @property
    def _asks_to_speak(self) -> bool:
        """Whether this call's far end cannot give the floor: who is called on speaks."""
        return self._call_keeper.call is not None and not self._call_keeper.call.floor.gives

    def _note_phase(self, decision: Decision, now: float) -> None:
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

    async def _handle_presses(self) -> None:
        """What people press, one gesture at a time."""
        while True:
            event = await self._panel.event()
            if event.gesture is Gesture.STUCK:
                self._site_floor.close_microphone(self._clock.now())
            elif event.press is not None and self._decision is not None:
                effect = self._press(event.button, event.press, self._decision)
                self._act_on(effect, self._clock.now())
            self._changed.set()

    def _press(self, button: Button, kind: Press, decision: Decision) -> Effect | None:
        now, phase = self._clock.now(), decision.phase
        free = self._asks_to_speak or (decision.meeting is not None and decision.meeting.free)
        if button is Button.HAND:
            return self._site_floor.press(kind, phase=phase, free=free, now=now)
        if kind is Press.SHORT:
            return self._site_floor.mute(phase=phase, free=free, now=now)
        (self.hang_up if decision.call is not None else self.join)()
        return None

    def _act_on(self, effect: Effect | None, now: float) -> None:
        match effect:
            case Effect.SHOW_STATUS:
                self._status_until = now + STATUS_SHOWN_S
            case Effect.REFUSED:
                self._refused_until = now + REFUSED_SHOWN_S
            case Effect.SELF_TEST:
                self._self_test.start()
            case Effect.GIVE_BACK | None:
                # `Floor.returned` says it: to the far end by SiteFloor, to the province by Reports.
                return
            case _:
                assert_never(effect)
