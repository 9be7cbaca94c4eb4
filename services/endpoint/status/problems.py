"""Gathers what is wrong with this site, each with the time since when it has been so."""

import asyncio
from collections.abc import Callable

from appliance.core import scenes
from appliance.core.decision import CallState, Decision
from appliance.core.problems import Problem, ProblemKey, of_call
from appliance.media.tv.television import TvProblem
from appliance.wire.calendar.feed_problem import FeedProblem
from hardware.panel import Panel
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.call.call_keeper import CallKeeper
from services.endpoint.call.quality import Quality
from services.endpoint.devices.near_devices import NearDevices

OLD_AGENDA_S = 24 * 3600.0
"""An agenda that nobody has confirmed for a day may miss tomorrow's meeting."""
PROVINCE_S = 20 * 60.0
"""The province may be away over one longest poll and a restart before it is worth a word."""
NETWORK_S = 3.0
"""A cable that is out for less is a switch that negotiates."""
QUALITY_S = 3.0
BROKEN = frozenset(
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


class SiteProblems:
    """Asks each part; remembers nothing but since when."""

    def __init__(
        self,
        agendas: AgendaPoller,
        devices: NearDevices,
        panel: Panel,
        *,
        linked: Callable[[], bool],
        tv_problem: Callable[[], TvProblem | None],
        button_box: str,
        site_file: bool,
        stick: Callable[[float], ProblemKey | None],
    ) -> None:
        """`button_box`: why the panel is deaf and dark, "" when it is not. `site_file`: whether the
        site file that lay on the card at this start had to be refused."""
        self._agendas = agendas
        self._devices = devices
        self._panel = panel
        self._linked = linked
        self._tv_problem = tv_problem
        self._button_box = button_box
        self._site_file = site_file
        self._stick = stick
        self._since: dict[ProblemKey, float] = {}
        self._quality = Quality()
        self._quality_at = float("-inf")
        self.line_quality = scenes.LineQuality.UNKNOWN

    @property
    def line_figures(self) -> dict[str, float]:
        """Of the call that is on; none without one."""
        return self._quality.figures

    def at(
        self, now: float, trusted: bool, line: CallKeeper, decision: Decision
    ) -> tuple[Problem, ...]:
        """All that is wrong at `now` (POSIX s)."""
        self._look_at_line(line)
        found = {problem.key: problem.since for problem in self._devices.problems()}
        found |= dict.fromkeys(self._held(trusted, decision), 0.0)
        found |= self._of_agenda(now)
        if (stick := self._stick(now)) is not None:
            found[stick] = 0.0
        ended = line.ended
        if ended is not None and line.fact.state is not CallState.UP and decision.call is not None:
            problem = of_call(ended.reason, now)
            if problem is not None:
                found[problem.key] = 0.0
        self._since = {key: found[key] or self._since.get(key, now) for key in found}
        return tuple(
            Problem(key, since)
            for key, since in self._since.items()
            if key is not ProblemKey.NETWORK_CABLE or now - since >= NETWORK_S
        )

    def _held(self, trusted: bool, decision: Decision) -> list[ProblemKey]:
        meeting = decision.meeting
        without_address = meeting is not None and not meeting.address
        holds = {
            ProblemKey.NETWORK_CABLE: not self._linked(),
            ProblemKey.CLOCK: not trusted,
            ProblemKey.BUTTON_STUCK: bool(self._panel.stuck),
            ProblemKey.BUTTON_BOX: bool(self._button_box),
            ProblemKey.SITE_FILE: self._site_file,
            ProblemKey.TV_PROGRAM: self._tv_problem() is TvProblem.NO_PICTURE,
            ProblemKey.SPEAKER_MISSING: self._tv_problem() is TvProblem.NO_SOUND,
            ProblemKey.LINE_POOR: self.line_quality is scenes.LineQuality.POOR,
            ProblemKey.MEETING_WITHOUT_ADDRESS: without_address,
        }
        return [key for key, held in holds.items() if held]

    def _of_agenda(self, now: float) -> dict[ProblemKey, float]:
        state = self._agendas.state
        if state.problem is None:
            return {}
        if state.fetched_at is None:
            return {ProblemKey.AGENDA_MISSING: 0.0}
        age = now - state.fetched_at
        if age >= OLD_AGENDA_S:
            return {ProblemKey.AGENDA_OLD: state.fetched_at}
        if state.problem in BROKEN:
            return {ProblemKey.AGENDA_BROKEN: state.fetched_at}
        return {ProblemKey.PROVINCE: state.fetched_at} if age >= PROVINCE_S else {}

    def _look_at_line(self, line: CallKeeper) -> None:
        at = asyncio.get_running_loop().time()
        if line.call is None:
            self._quality = Quality()
            self.line_quality = scenes.LineQuality.UNKNOWN
        elif at - self._quality_at >= QUALITY_S:
            self._quality_at = at
            self.line_quality = self._quality.of(line.call.statistics())
