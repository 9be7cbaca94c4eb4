"""Watches the neighbours' fact files and says each change, and the box's health at its rhythm."""

from collections.abc import Callable
from pathlib import Path

from appliance.base.fact_file import ENDPOINT_FILE, UPDATE_FILE
from appliance.wire.facts import EndpointFacts
from appliance.wire.report import Hand, Health, Meeting, Report, Update
from appliance.wire.report_id import ReportId
from services.health.check_runner import Condition
from services.health.intervals import period_s
from services.health.report_builder import hand_of, hand_up, meeting_of, update_of

FRESH_S = 20.0
"""The endpoint writes each 5 s; four missed ones and it is silent."""
FRESH_UPDATE_S = 600.0

NO_ID = ReportId(0.0, "-", 0)


class ReportSource:
    """`say` is the reporter's; `next_id` names each report."""

    def __init__(
        self, run: Path, say: Callable[[Report], None], next_id: Callable[[], ReportId]
    ) -> None:
        self._run = run
        self._say = say
        self._next_id = next_id
        self._meeting: Meeting | None = None
        self._hand: Hand | None = None
        self._update: Update | None = None
        self._hand_since = 0.0
        self.hand_seq = 0
        """The `seq` of the report of the hand that is up, 0 while it is down."""
        self._health_at = float("-inf")
        self._alarms: tuple[str, ...] = ()
        self.endpoint: EndpointFacts | None = None

    def look(self, now: float) -> None:
        """Read the fact files at `now` (POSIX s) and say what is new; cheap, to be called often."""
        self.endpoint = ENDPOINT_FILE.read(self._run, now, FRESH_S)
        updater = UPDATE_FILE.read(self._run, now, FRESH_UPDATE_S)
        self._say_meeting(again=False)
        self._say_hand(now)
        if updater is not None:
            update = update_of(updater, NO_ID)
            if update != self._update:
                self._update = update
                self._say(update_of(updater, self._next_id()))

    def condition(self, condition: Condition, monotonic: float) -> bool:
        """The box's health after a round: said when it is time, or an alarm came or went."""
        alarms = tuple(alarm.key for alarm in condition.alarms)
        period = period_s(self.endpoint.phase if self.endpoint is not None else None)
        if alarms == self._alarms and monotonic - self._health_at < period - 0.5:
            return False
        self._alarms, self._health_at = alarms, monotonic
        self._say(Health(self._next_id(), condition.alarms, condition.figures, condition.facts))
        self._say_meeting(again=True)
        return True

    def _say_meeting(self, *, again: bool) -> None:
        meeting = meeting_of(self.endpoint, NO_ID)
        if again or meeting != self._meeting:
            self._meeting = meeting
            self._say(meeting_of(self.endpoint, self._next_id()))

    def _say_hand(self, now: float) -> None:
        up = hand_up(self.endpoint)
        if up and (self._hand is None or not self._hand.up):
            self._hand_since = round(now, 3)
        hand = hand_of(self.endpoint, NO_ID, self._hand_since)
        if hand != self._hand:
            self._hand, report_id = hand, self._next_id()
            self.hand_seq = report_id.seq if up else 0
            self._say(hand_of(self.endpoint, report_id, self._hand_since))
