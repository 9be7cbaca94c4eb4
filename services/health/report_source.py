"""Reports each change in the neighbours' fact files, and the box's health in intervals."""

from collections.abc import Callable
from pathlib import Path

from appliance.base.fact_file import ENDPOINT_FILE, UPDATE_FILE
from appliance.wire.facts import EndpointFacts
from appliance.wire.report import Hand, Health, Meeting, Report, Update
from appliance.wire.report_id import ReportId
from services.health.check_runner import HealthSnapshot
from services.health.intervals import report_interval_s
from services.health.report_builder import hand_of, hand_up, meeting_of, update_of

FRESH_S = 20.0
"""The endpoint writes each 5 s; four missed ones and it is silent."""
FRESH_UPDATE_S = 600.0

NO_ID = ReportId(0.0, "-", 0)


class ReportSource:
    """`send` is the reporter's; `next_id` names each report."""

    def __init__(
        self, run: Path, send: Callable[[Report], None], next_id: Callable[[], ReportId]
    ) -> None:
        self._run = run
        self._send = send
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

    def poll(self, now: float) -> None:
        """Read the fact files at `now` (POSIX s) and send what is new; to be called often."""
        self.endpoint = ENDPOINT_FILE.read(self._run, now, FRESH_S)
        updater = UPDATE_FILE.read(self._run, now, FRESH_UPDATE_S)
        self._send_meeting(force=False)
        self._send_hand(now)
        if updater is not None:
            update = update_of(updater, NO_ID)
            if update != self._update:
                self._update = update
                self._send(update_of(updater, self._next_id()))

    def report_health(self, health: HealthSnapshot, monotonic: float) -> bool:
        """Send `health` where it is time for it, or an alarm came or went; whether it was sent."""
        alarms = tuple(alarm.key for alarm in health.alarms)
        period = report_interval_s(self.endpoint.phase if self.endpoint is not None else None)
        if alarms == self._alarms and monotonic - self._health_at < period - 0.5:
            return False
        self._alarms, self._health_at = alarms, monotonic
        self._send(Health(self._next_id(), health.alarms, health.figures, health.facts))
        self._send_meeting(force=True)
        return True

    def _send_meeting(self, *, force: bool) -> None:
        meeting = meeting_of(self.endpoint, NO_ID)
        if force or meeting != self._meeting:
            self._meeting = meeting
            self._send(meeting_of(self.endpoint, self._next_id()))

    def _send_hand(self, now: float) -> None:
        up = hand_up(self.endpoint)
        if up and (self._hand is None or not self._hand.up):
            self._hand_since = round(now, 3)
        hand = hand_of(self.endpoint, NO_ID, self._hand_since)
        if hand != self._hand:
            self._hand, report_id = hand, self._next_id()
            self.hand_seq = report_id.seq if up else 0
            self._send(hand_of(self.endpoint, report_id, self._hand_since))
