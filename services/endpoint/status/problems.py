"""Gathers what is wrong with this site, each with the hour since when it has been so."""

import asyncio
from collections.abc import Callable

from appliance.core import scenes
from appliance.core.decision import CallState, Decision
from appliance.core.problems import Trouble, TroubleKey, of_call
from appliance.wire.calendar.feed_fault import FeedFault
from hardware.panel import Panel
from services.endpoint.agenda.agenda_poller import Agendas
from services.endpoint.call.call_keeper import Line
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
        FeedFault.EMPTY,
        FeedFault.TOO_LARGE,
        FeedFault.NOT_TEXT,
        FeedFault.LOGIN_PAGE,
        FeedFault.NOT_CALENDAR,
        FeedFault.TRUNCATED,
        FeedFault.SHRUNKEN,
    }
)
"""The source answers, and what it says cannot be used."""


class Symptoms:
    """Asks each part; remembers nothing but since when."""

    def __init__(
        self,
        agendas: Agendas,
        devices: NearDevices,
        panel: Panel,
        *,
        linked: Callable[[], bool],
        tv_trouble: Callable[[], str],
        stick: Callable[[float], TroubleKey | None],
    ) -> None:
        self._agendas = agendas
        self._devices = devices
        self._panel = panel
        self._linked = linked
        self._tv_trouble = tv_trouble
        self._stick = stick
        self._since: dict[TroubleKey, float] = {}
        self._quality = Quality()
        self._quality_at = float("-inf")
        self.line_quality = scenes.Line.UNKNOWN

    @property
    def line_figures(self) -> dict[str, float]:
        """Of the call that is on; none without one."""
        return self._quality.figures

    def at(self, now: float, trusted: bool, line: Line, decision: Decision) -> tuple[Trouble, ...]:
        """All that is wrong at `now` (POSIX s)."""
        self._look_at_line(line)
        found = {trouble.key: trouble.since for trouble in self._devices.troubles()}
        found |= dict.fromkeys(self._held(trusted, decision), 0.0)
        found |= self._of_agenda(now)
        if (stick := self._stick(now)) is not None:
            found[stick] = 0.0
        ended = line.ended
        if ended is not None and line.fact.state is not CallState.UP and decision.call is not None:
            trouble = of_call(ended.reason, now)
            if trouble is not None:
                found[trouble.key] = 0.0
        self._since = {key: found[key] or self._since.get(key, now) for key in found}
        return tuple(
            Trouble(key, since)
            for key, since in self._since.items()
            if key is not TroubleKey.NETWORK_CABLE or now - since >= NETWORK_S
        )

    def _held(self, trusted: bool, decision: Decision) -> list[TroubleKey]:
        meeting = decision.meeting
        nameless = meeting is not None and not meeting.address
        holds = {
            TroubleKey.NETWORK_CABLE: not self._linked(),
            TroubleKey.CLOCK: not trusted,
            TroubleKey.BUTTON_STUCK: bool(self._panel.stuck),
            TroubleKey.TV_UNCONFIRMED: bool(self._tv_trouble()),
            TroubleKey.LINE_POOR: self.line_quality is scenes.Line.POOR,
            TroubleKey.MEETING_NAMELESS: nameless,
        }
        return [key for key, held in holds.items() if held]

    def _of_agenda(self, now: float) -> dict[TroubleKey, float]:
        state = self._agendas.state
        if state.fault is None:
            return {}
        if state.fetched_at is None:
            return {TroubleKey.AGENDA_MISSING: 0.0}
        age = now - state.fetched_at
        if age >= OLD_AGENDA_S:
            return {TroubleKey.AGENDA_OLD: state.fetched_at}
        if state.fault in BROKEN:
            return {TroubleKey.AGENDA_BROKEN: state.fetched_at}
        return {TroubleKey.PROVINCE: state.fetched_at} if age >= PROVINCE_S else {}

    def _look_at_line(self, line: Line) -> None:
        at = asyncio.get_running_loop().time()
        if line.call is None:
            self._quality = Quality()
            self.line_quality = scenes.Line.UNKNOWN
        elif at - self._quality_at >= QUALITY_S:
            self._quality_at = at
            self.line_quality = self._quality.of(line.call.statistics())
