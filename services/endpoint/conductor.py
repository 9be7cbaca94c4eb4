"""The conductor: gathers the facts, asks what to do now, and tells every part what is wanted.

It knows no phase. What differs between phases is a row of `core/scenes.py`, `core/floor_control.py`
or `core/decision.py`. A part that fails is started again beside the others; a turn that fails in
one of its steps takes the others all the same.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, assert_never

from appliance.base.clock import Clock
from appliance.base.config import Site
from appliance.base.supervisor import Supervisor
from appliance.base.texts import text
from appliance.core import by_hand
from appliance.core.by_hand import Did, Direction, Route
from appliance.core.decision import IN_CALL, Decision, Period, Phase, decide
from appliance.core.floor_control import NO_MEETING, Effect, Press
from appliance.core.meetings.due import joinable
from appliance.core.problems import Problem, Severity
from appliance.core.scenes import Help, Scene, next_change, scene
from appliance.wire.enrolment import claim_link
from appliance.wire.head_count import head_count_link
from appliance.wire.meeting import Meeting
from hardware.display.tv_control import TvControl
from hardware.gestures import Gesture
from hardware.panel import Button, Event, Panel
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.dismissals import Dismissals
from services.endpoint.call.media_record import MediaRecord
from services.endpoint.call.rehearsal import Rehearsal
from services.endpoint.call.site_floor import SiteFloor
from services.endpoint.devices.near_devices import NearDevices
from services.endpoint.devices.tv_wish import tv_wish
from services.endpoint.margin_setting import MarginSetting
from services.endpoint.screen.display import Display
from services.endpoint.status.endpoint_facts import facts_of_turn
from services.endpoint.status.farewells import Farewells
from services.endpoint.status.problems import SiteProblems
from services.endpoint.status.province_facts import ProvinceFacts
from services.endpoint.status.reports import Reports
from services.endpoint.status.self_test import SelfTest
from services.endpoint.turn_facts import gather_facts

log = logging.getLogger("diemcau.conductor")

STATUS_SHOWN_S, REFUSED_SHOWN_S = 10.0, 5.0
"""How long the answer to a short press stays on the TV, and that to a refused long one."""
REMEDY_SHOWN_S = 10.0
"""How long a press in a meeting that has a problem shows what to do about it, beside the hand."""
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
        margin: MarginSetting,
        media_record: MediaRecord,
        panel: Panel,
        problems: SiteProblems,
        province: ProvinceFacts,
        reports: Reports,
        self_test: SelfTest,
        site_floor: SiteFloor,
        tv_control: TvControl,
        fast_enough: bool = True,
        supervisor: Supervisor | None = None,
    ) -> None:
        """`fast_enough`: whether this board can carry a call (`hardware.boards`)."""
        self._site = site
        self._changed = changed
        self._clock = clock
        self._agenda_poller = agenda_poller
        self._call_keeper = call_keeper
        self._devices = devices
        self._dismissals = dismissals
        self._display = display
        self._margin = margin
        self._media_record = media_record
        self._panel = panel
        self._problems = problems
        self._province = province
        self._reports = reports
        self._self_test = self_test
        self._rehearsal = Rehearsal(frozenset(site.agenda.hosts))
        self._site_floor = site_floor
        self._tv_control = tv_control
        self._farewells = Farewells()
        self._fast_enough = fast_enough
        self._supervisor = supervisor or Supervisor(changed.set)
        self._status_until = self._refused_until = self._remedy_until = float("-inf")
        self._by_hand = by_hand.NOTHING
        self._phase: Phase | None = None
        self._since = float("-inf")
        self._problems_known: tuple[Problem, ...] = ()
        self._shown: Scene | None = None
        self._decision: Decision | None = None
        self._texts = text(site.site.locale)
        reports.watch(call_keeper.media_moves)

    async def run(self, *others: Coroutine[Any, Any, None]) -> None:
        """Run all parts, and `others` beside them, until cancelled.

        Raises `PartError` where a vital part failed too often: without turns nobody leaves a
        meeting, and what they rest on is not known. Without any other part the program goes on.
        """
        async with asyncio.TaskGroup() as group:
            for name, part in (
                ("call", self._call_keeper.run),
                ("display", self._display.run),
                ("floor", self._site_floor.run),
                ("agenda", self._agenda_poller.run),
                ("province", self._province.run),
                ("self-test", self._self_test.run),
                ("panel", self._panel.run),
                ("presses", self._handle_presses),
                ("TV", self._tv_control.run),
            ):
                group.create_task(self._supervisor.keep(name, part), name=name)
            turns = self._supervisor.keep("turns", self._run_turns, vital=True)
            group.create_task(turns, name="turns")
            for other in others:
                group.create_task(other)

    def hang_up(self) -> None:
        """A hand left the meeting."""
        if self._decision is not None and self._decision.call is not None:
            log.info("near → left by hand", extra={"MEETING": self._decision.call.uid})
            self._dismissals.dismiss(self._decision.call, self._clock.now())
            self._changed.set()

    def join(self) -> None:
        """A hand takes its hang-up back, for the meetings that are still on, or over time."""
        now, monotonic = self._clock.now(), asyncio.get_running_loop().time()
        unknown_at = None if self._clock.trusted() else monotonic
        for meeting in self._left_by_hand:
            log.info("near → joined by hand", extra={"MEETING": meeting.uid})
            self._dismissals.take_back(meeting, hour_unknown_at=unknown_at)
            self._call_keeper.begin_anew(meeting.uid)
            if now >= meeting.end:
                self._media_record.join(meeting, monotonic)
        self._changed.set()

    @property
    def _left_by_hand(self) -> list[Meeting]:
        """The meetings that a hand can come back to; without the hour, the one that it can join."""
        now, trusted = self._clock.now(), self._clock.trusted()
        ended = self._province.ended.now
        meetings = [m for m in self._agenda_poller.meetings if m.occurrence not in ended]
        return joinable(meetings, self._dismissals.uids, now, trusted)

    @property
    def _route(self) -> Route | None:
        """Where the gesture by hand leads now."""
        if self._decision is not None and self._decision.call is not None:
            return Route(Direction.LEAVE, self._decision.call.uid)
        left = self._left_by_hand
        return Route(Direction.BACK, left[0].uid) if left else None

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
        monotonic = asyncio.get_running_loop().time()
        with self._supervisor.contain("agenda"):
            self._agenda_poller.set_clock(now, trusted)
        with self._supervisor.contain("dismissals"):
            self._dismissals.retry(monotonic)
        facts = gather_facts(
            self._agenda_poller, self._call_keeper, self._media_record, self._dismissals,
            self._province, now, monotonic, clock_trusted=trusted, fast_enough=self._fast_enough,
        )  # fmt: skip
        decision = decide(facts, now)
        self._note_phase(decision, monotonic)
        self._by_hand = by_hand.at(self._by_hand, self._route, monotonic)
        with self._supervisor.contain("self-test"):
            self._rehearse(decision, now)
        self._call_keeper.want(decision.call, now, early=decision.period is Period.DOORS)
        with self._supervisor.contain("TV"):
            idle_s, tested = monotonic - self._since, self._self_test.running
            self._tv_control.want(tv_wish(decision, facts, now, idle_s=idle_s, tested=tested))
        with self._supervisor.contain("farewells"):
            self._farewells.note(decision, facts, now, monotonic)
        with self._supervisor.contain("media record"):
            self._media_record.note(decision, facts.media, now, monotonic)
        unconfirmed_at = self._tell_floor(decision, monotonic)
        with self._supervisor.contain("problems"):
            self._problems_known = self._problems.at(
                now, trusted, self._call_keeper, decision, unwritten=self._dismissals.problem
            )
        with self._supervisor.contain("scene"):
            # What health found is shown and not written down: it would find it there again.
            told = (*self._problems_known, *self._province.alarms)
            self._shown = self._scene(decision, told, now, monotonic)
        waits = [MAX_TURN_INTERVAL_S]
        if decision.wake_at is not None:
            waits.append(decision.wake_at - now)
        answered = (
            unconfirmed_at, self._status_until, self._refused_until, self._remedy_until,
            self._margin.until, by_hand.next_change(self._by_hand, monotonic),
            self._farewells.until,
        )  # fmt: skip
        waits += [at - monotonic for at in answered if at is not None and at > monotonic]
        self._apply_near(decision)
        if self._shown is not None:
            waits.append(next_change(self._shown, now) - now)
            self._apply(decision, self._shown, self._problems_known, now)
        return max(0.0, min(waits))

    def _tell_floor(self, decision: Decision, monotonic: float) -> float | None:
        word, uid = self._province.word, decision.meeting.uid if decision.meeting else None
        with self._supervisor.contain("floor"):
            return self._site_floor.update(
                self._call_keeper.call,
                decision.phase,
                monotonic,
                given=word.floor == uid,
                hand_seen=word.hand_seen,
            )
        return None

    def _rehearse(self, decision: Decision, now: float) -> None:
        """Take part in the province's rehearsal; whatever is tried ends where a meeting is due."""
        if decision.call is not None:
            self._self_test.stop()
        wish, meetings = self._province.word.rehearsal, self._agenda_poller.meetings
        if (meeting := self._rehearsal.due(wish, meetings, decision, now)) is not None:
            log.info("province → rehearsal", extra={"MEETING": meeting.uid})
            self._self_test.rehearse(meeting)

    def _apply_near(self, decision: Decision) -> None:
        """Devices that raise cost themselves: a microphone that does not open ends no call."""
        with self._supervisor.contain("devices"):
            wanted = decision.call is not None or self._self_test.running
            self._devices.want(wanted, live=self._site_floor.floor.mic)

    def _apply(
        self, decision: Decision, shown: Scene, problems: tuple[Problem, ...], now: float
    ) -> None:
        """Tell every part what is wanted now; to say it twice is harmless."""
        with self._supervisor.contain("display"):
            self._display.want(shown, self._call_keeper.call)
        with self._supervisor.contain("panel"):
            self._panel.show(shown.lamp)
        if self._display.shown.is_set():
            with self._supervisor.contain("reports"):
                self._report(decision, shown, problems, now)

    def _report(
        self, decision: Decision, shown: Scene, problems: tuple[Problem, ...], now: float
    ) -> None:
        facts = facts_of_turn(
            decision, shown, self._site_floor.floor, problems, self._call_keeper,
            self._agenda_poller, now, clock_trusted=self._clock.trusted(),
        )  # fmt: skip
        measured: dict[str, str | float] = {
            **self._self_test.result, **self._problems.figures, **self._devices.figures,
        }  # fmt: skip
        headline = self._texts(shown.words.headline)
        self._reports.turn(facts, decision, problems, now, headline, measured)

    def _scene(
        self, decision: Decision, problems: tuple[Problem, ...], now: float, monotonic: float
    ) -> Scene:
        """Durations are monotonic: a clock that is set must not leave a page on the TV for an hour.
        To a scene, whose times are POSIX, they are given as seen from `now`."""
        call, meeting, url = self._call_keeper.call, decision.meeting, self._site.province.url

        def seen(at: float) -> float:
            return now + (at - monotonic)

        return scene(
            decision,
            self._site_floor.floor,
            now=now,
            zone=self._site.site.zoneinfo,
            site=self._site.site.name,
            problems=problems,
            line=self._problems.line_quality,
            speaker=call.floor.speaker if call is not None else "",
            since=round(seen(self._since), 3),
            status_until=seen(self._status_until),
            refused_until=seen(self._refused_until),
            remedy_until=seen(self._remedy_until),
            by_hand=by_hand.sign(self._by_hand, monotonic),
            margin=self._margin.percent,
            margins_until=seen(self._margin.until),
            not_open=self._call_keeper.not_open,
            turn_at=seen(self._call_keeper.turn_at),
            gone=self._farewells.at(monotonic),
            asks_to_speak=self._asks_to_speak,
            selftest=self._self_test.checks,
            claim=self._province.claim,
            claim_link=claim_link(url, self._province.claim),
            help=Help(self._site.help.telephone, self._site.help.link),
            people_link=head_count_link(url, meeting.keys if meeting else None),
        )

    @property
    def _asks_to_speak(self) -> bool:
        """Whether this call's far end cannot give the floor: who is called on speaks."""
        return self._call_keeper.call is not None and not self._call_keeper.call.floor.gives

    def _note_phase(self, decision: Decision, monotonic: float) -> None:
        self._decision = decision
        if decision.phase is not self._phase:
            meeting = decision.meeting.uid if decision.meeting else ""
            log.info("phase: %s → %s", self._phase or "start", decision.phase,
                     extra={"PHASE": decision.phase.value, "MEETING": meeting})  # fmt: skip
            self._phase, self._since = decision.phase, monotonic

    async def _handle_presses(self) -> None:
        """What people press, one gesture at a time; one that fails costs itself."""
        while True:
            event = await self._panel.event()
            with self._supervisor.contain("presses"):
                self._handle(event)
            self._changed.set()

    def _handle(self, event: Event) -> None:
        monotonic = asyncio.get_running_loop().time()
        if event.gesture is Gesture.STUCK:
            self._site_floor.close_microphone(monotonic)
        if event.touch is None:
            return
        self._by_hand, did = by_hand.touch(
            self._by_hand, event.button, event.touch, self._route, monotonic
        )
        match did:
            case Did.LEFT:
                self.hang_up()
            case Did.CAME_BACK:
                self.join()
            case Did.ASKED:
                self._site_floor.close_microphone(monotonic)
            case Did.HELD_BRIEFLY:
                self._press(event.button, Press.LONG, monotonic)
            case Did.ORDINARY if event.press is not None:
                self._press(event.button, event.press, monotonic)

    def _press(self, button: Button, kind: Press, monotonic: float) -> None:
        if self._decision is None:
            return
        phase, meeting = self._decision.phase, self._decision.meeting
        if phase in NO_MEETING and self._margin.press(kind, monotonic):
            return
        free = self._asks_to_speak or (meeting is not None and meeting.free)
        effect: Effect | None = None
        if button is Button.HAND:
            effect = self._site_floor.press(kind, phase=phase, free=free, now=monotonic)
        elif kind is Press.SHORT:
            effect = self._site_floor.mute(phase=phase, free=free, now=monotonic)
        self._act_on(effect, monotonic)
        told = self._shown.problems if self._shown is not None else ()
        wrong = any(one.kind.severity > Severity.NOTE for one in told)
        if kind is Press.SHORT and phase in IN_CALL and wrong:
            # Beside what the press means, never instead: a hand must not be lost to a problem.
            self._remedy_until = monotonic + REMEDY_SHOWN_S

    def _act_on(self, effect: Effect | None, monotonic: float) -> None:
        match effect:
            case Effect.SHOW_STATUS:
                self._status_until = monotonic + STATUS_SHOWN_S
            case Effect.REFUSED:
                self._refused_until = monotonic + REFUSED_SHOWN_S
            case Effect.SELF_TEST:
                if self._self_test.checks:
                    self._margin.open(monotonic)
                else:
                    self._self_test.start()
            case Effect.GIVE_BACK | None:
                return  # `Floor.returned` says it, by SiteFloor and by Reports
            case _:
                assert_never(effect)
