"""Gathers what is wrong with this site, each with the time since when it has been so."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from appliance.base.supervisor import Supervisor
from appliance.core.decision import CallState, Decision
from appliance.core.moments import Moment
from appliance.core.problems import Problem, ProblemKey, of_call, of_write
from appliance.core.scenes import LineQuality
from appliance.dialers.api import Call
from appliance.media.tv.television import TvProblem
from appliance.wire.calendar.feed_problem import FeedProblem
from hardware.display.tv_control import TvControl
from hardware.display.tv_state import DisplayProblem
from hardware.panel import Panel
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.quality import Quality
from services.endpoint.devices.near_devices import NearDevices
from services.endpoint.status.stick import stick_problem

OLD_AGENDA_S = 24 * 3600.0
"""An agenda that nobody has confirmed for a day may miss tomorrow's meeting."""
PROVINCE_AWAY_S = 20 * 60.0
"""The province may be away over one longest poll and a restart before it is worth a word."""
CABLE_OUT_S = 3.0
"""A cable that is out for less is a switch that negotiates."""
QUALITY_INTERVAL_S = 3.0
UNUSABLE = frozenset(
    {
        FeedProblem.EMPTY,
        FeedProblem.TOO_LARGE,
        FeedProblem.NOT_TEXT,
        FeedProblem.LOGIN_PAGE,
        FeedProblem.NOT_CALENDAR,
        FeedProblem.TRUNCATED,
        FeedProblem.SHRUNKEN,
    }
)
"""The source answers, and what it says cannot be used."""


class Television(Protocol):
    """The TV as far as something can be wrong with it (`appliance.media.tv.television`)."""

    @property
    def problem(self) -> TvProblem | None:
        """What is wrong with it."""


class SiteProblems:
    """Asks each part; remembers nothing but since when."""

    def __init__(
        self,
        agenda_poller: AgendaPoller,
        devices: NearDevices,
        panel: Panel,
        television: Television,
        run: Path,
        *,
        linked: Callable[[], bool],
        board: Callable[[], Sequence[Problem]] = tuple,
        tv_control: TvControl,
        button_box: str,
        site_file: bool,
        site_file_detail: str = "",
        supervisor: Supervisor | None = None,
    ) -> None:
        """`run` is the folder of facts, `linked` whether the network cable is in, `board` what
        the board cannot do, `button_box` why the panel is deaf and dark ("" when it is not),
        `site_file` whether the site file that lay on the card at this start had to be refused, and
        `site_file_detail` its first fault, with the line."""
        self._agenda_poller = agenda_poller
        self._devices = devices
        self._panel = panel
        self._linked = linked
        self._board = board
        self._television = television
        self._tv_control = tv_control
        self._run = run
        self._button_box = button_box
        self._site_file = site_file
        self._site_file_detail = site_file_detail
        self._supervisor = supervisor or Supervisor()
        self._since: dict[ProblemKey, Moment] = {}
        self._quality = Quality()
        self._quality_at = float("-inf")
        self.line_quality = LineQuality.UNKNOWN

    @property
    def figures(self) -> dict[str, float | str]:
        """Of the call that is on, none without one; and what the TV says of itself."""
        return {**self._quality.figures, "tv": self._tv_control.state.value}

    def at(
        self,
        now: float,
        trusted: bool,
        call_keeper: CallKeeper,
        decision: Decision,
        *,
        unwritten: ProblemKey | None = None,
    ) -> tuple[Problem, ...]:
        """All that is wrong at `now` (POSIX s).

        `unwritten` is why a hand's wish is not on the disk (`Dismissals.problem`).
        """
        self._measure_line(call_keeper.call)
        found = {problem.key: problem for problem in self._devices.problems()}
        others = [*self._board(), *(Problem(key) for key in self._present(trusted, decision))]
        if call_keeper.call is not None:
            seen = call_keeper.call.problems.items()
            others += [Problem(key, detail=which) for key, which in seen]
        others += self._of_agenda(now)
        if self._site_file:
            others.append(Problem(ProblemKey.SITE_FILE, detail=self._site_file_detail))
        if (stick := stick_problem(self._run, now)) is not None:
            others.append(Problem(stick))
        ended = call_keeper.ended
        up = call_keeper.fact.state is CallState.UP
        told = ended is not None and not up and not call_keeper.not_open
        if ended is not None and told and decision.call is not None:
            problem = of_call(ended.reason, now)
            if problem is not None:
                others.append(Problem(problem.key))
        if unwritten is not None:
            others.append(Problem(unwritten))
        if failures := self._supervisor.recent():
            which = ", ".join(failure.part for failure in failures)
            others.append(Problem(ProblemKey.PART_FAILED, detail=which))
        found |= {problem.key: problem for problem in others}
        if ProblemKey.BOARD_SOUND in found:
            # No cable and no volume of a TV is the reason.
            found.pop(ProblemKey.SPEAKER_MISSING, None)
        moment = Moment(now, asyncio.get_running_loop().time())
        self._since = {key: self._since.get(key, moment).seen_from(moment) for key in found}
        return tuple(
            replace(found[key], since=found[key].since or since.wall)
            for key, since in self._since.items()
            if key is not ProblemKey.NETWORK_CABLE
            or moment.monotonic - since.monotonic >= CABLE_OUT_S
        )

    def _present(self, trusted: bool, decision: Decision) -> list[ProblemKey]:
        meeting = decision.meeting
        without_address = meeting is not None and not meeting.address
        present = {
            ProblemKey.NETWORK_CABLE: not self._linked(),
            ProblemKey.CLOCK: not trusted,
            ProblemKey.BUTTON_STUCK: bool(self._panel.stuck),
            ProblemKey.BUTTON_BOX: bool(self._button_box),
            ProblemKey.TV_UNCONFIRMED: self._tv_control.problem is DisplayProblem.UNCONFIRMED,
            ProblemKey.TV_INPUT: self._tv_control.problem is DisplayProblem.OTHER_INPUT,
            ProblemKey.TV_PROGRAM: self._television.problem is TvProblem.NO_PICTURE,
            ProblemKey.SPEAKER_MISSING: self._television.problem is TvProblem.NO_SOUND,
            ProblemKey.LINE_POOR: self.line_quality is LineQuality.POOR,
            ProblemKey.MEETING_WITHOUT_ADDRESS: without_address,
        }
        return [key for key, holds in present.items() if holds]

    def _of_agenda(self, now: float) -> list[Problem]:
        state = self._agenda_poller.state
        found = []
        if state.agenda.left_out:
            titles = "; ".join(state.agenda.left_out)
            found.append(Problem(ProblemKey.MEETING_LEFT_OUT, detail=titles))
        if state.problem is None:
            return found
        if state.fetched_at is None:
            return [*found, Problem(ProblemKey.AGENDA_MISSING)]
        if state.problem is FeedProblem.NOT_KEPT:
            return [*found, Problem(of_write(state.write_errno))]
        age = now - state.fetched_at
        if age >= OLD_AGENDA_S:
            found.append(Problem(ProblemKey.AGENDA_OLD, state.fetched_at))
        elif state.problem in UNUSABLE:
            found.append(Problem(ProblemKey.AGENDA_BROKEN, state.fetched_at))
        elif age >= PROVINCE_AWAY_S:
            found.append(Problem(ProblemKey.PROVINCE, state.fetched_at))
        return found

    def _measure_line(self, call: Call | None) -> None:
        at = asyncio.get_running_loop().time()
        if call is None:
            self._quality = Quality()
            self.line_quality = LineQuality.UNKNOWN
        elif at - self._quality_at >= QUALITY_INTERVAL_S:
            self._quality_at = at
            self.line_quality = self._quality.of(call.statistics())
