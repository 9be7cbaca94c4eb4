"""What is sent of the endpoint: each change once, and health in its intervals."""

from pathlib import Path
from typing import Any

import pytest

from appliance.base.fact_file import ENDPOINT_FILE, UPDATE_FILE
from appliance.base.mqtt import Message
from appliance.wire.alarm import Alarm
from appliance.wire.desired import Desired
from appliance.wire.facts import DesiredFacts, EndpointFacts, HandFacts, UpdateFacts
from appliance.wire.report import Hand, Health, Meeting, Report, Update, parse_report, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.health.check_runner import HealthSnapshot
from services.health.intervals import report_interval_s
from services.health.province_messages import ProvinceMessages
from services.health.report_builder import meeting_of, update_of
from services.health.report_source import ReportSource

NOW = 1000.0


class Recorder:
    """A report source and what it sent."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.sent: list[Report] = []
        self.seq = 0
        self.source = ReportSource(run, self.sent.append, self._next_id)

    def _next_id(self) -> ReportId:
        self.seq += 1
        return ReportId(NOW, "b", self.seq)

    def endpoint(self, **facts: Any) -> None:
        ENDPOINT_FILE.write(self.run, EndpointFacts(**{"phase": "idle"} | facts), NOW)

    def poll(self, now: float = NOW) -> list[Report]:
        """What one poll sends."""
        before = len(self.sent)
        self.source.poll(now)
        return self.sent[before:]


def test_each_change_is_said_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint()
    assert [type(report) for report in recorder.poll()] == [Meeting, Hand]
    assert recorder.poll() == []
    recorder.endpoint(phase="in meeting", meeting="m", call="up", line="good")
    meeting, hand = recorder.poll()
    assert isinstance(meeting, Meeting)
    assert (meeting.phase, meeting.meeting, meeting.call) == ("in meeting", "m", "up")
    assert isinstance(hand, Hand)
    assert (hand.up, hand.meeting) == (False, "m")


@pytest.mark.parametrize(
    ("phase", "told", "period"),
    [
        ("waiting", "in meeting", "waiting"),
        ("overtime", "in meeting", "overtime"),
        ("left", "idle", "left"),
        ("in meeting", "in meeting", ""),
    ],
)
def test_an_older_province_reads_a_phase_that_it_knows(
    tmp_path: Path, phase: str, told: str, period: str
) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint(phase=phase, meeting="m")
    meeting, _ = recorder.poll()
    assert isinstance(meeting, Meeting)
    assert (meeting.phase, meeting.period) == (told, period)
    assert ("period" in meeting.values) is bool(period)


def test_a_hand_is_up_since_it_rose_and_confirmed_is_no_new_hand(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint(phase="in meeting", meeting="m")
    recorder.poll()
    recorder.endpoint(phase="in meeting", meeting="m", hand=HandFacts(up=True))
    (hand,) = recorder.poll(NOW + 5)
    assert isinstance(hand, Hand)
    assert recorder.source.hand_seq == hand.id.seq
    assert (hand.up, hand.since, hand.live) == (True, NOW + 5, False)
    recorder.endpoint(phase="in meeting", meeting="m", hand=HandFacts(up=True, confirmed=True))
    assert recorder.poll(NOW + 9) == []
    recorder.endpoint(phase="in meeting", meeting="m", hand=HandFacts(live=True))
    (spoke,) = recorder.poll(NOW + 9)
    assert isinstance(spoke, Hand)
    assert (spoke.up, spoke.since, spoke.live) == (False, 0.0, True)
    assert recorder.source.hand_seq == 0


def test_a_silent_endpoint_is_said_to_be_silent(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint(phase="in meeting", meeting="m", hand=HandFacts(up=True, confirmed=True))
    recorder.poll()
    meeting, hand = recorder.poll(NOW + 21)
    assert isinstance(meeting, Meeting)
    assert (meeting.phase, meeting.meeting) == ("silent", "")
    assert isinstance(hand, Hand)
    assert not hand.up


@pytest.mark.parametrize(
    "facts",
    [
        EndpointFacts(phase="x" * 900, tries=-1, detail="x" * 9000, problems=("x" * 900,) * 99),
        EndpointFacts(phase="", meeting="x" * 9000, call="", ended="x" * 900, line="x" * 900),
    ],
)
def test_whatever_a_neighbour_writes_makes_a_report_that_can_be_read(facts: EndpointFacts) -> None:
    sent = meeting_of(facts, ReportId(NOW, "b", 1))
    assert parse_report(Kind.MEETING, print_report(sent)) == sent
    update = update_of(UpdateFacts(progress=7.0, release="x" * 900), ReportId(NOW, "b", 1))
    assert parse_report(Kind.UPDATE, print_report(update)) == update
    assert update.progress == 1.0


def test_the_updaters_facts_are_said(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint()
    recorder.poll()
    facts = UpdateFacts(state="downloading", progress=0.25, wanted="2")
    UPDATE_FILE.write(tmp_path, facts, NOW)
    (update,) = recorder.poll()
    assert isinstance(update, Update)
    assert (update.state, update.progress, update.wanted) == ("downloading", 0.25, "2")
    assert recorder.poll() == []


HOT = HealthSnapshot((Alarm("hot", "B1", 2, NOW),), {}, {})
CALM = HealthSnapshot((), {"soc_c": 50.0}, {})


def health(recorder: Recorder, condition: HealthSnapshot, monotonic: float) -> bool:
    before = len(recorder.sent)
    sent = recorder.source.report_health(condition, monotonic)
    kinds = [type(report) for report in recorder.sent[before:]]
    assert kinds == ([Health, Meeting] if sent else [])
    return sent


def test_health_each_minute_and_each_ten_seconds_about_a_meeting(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint()
    recorder.poll()
    assert [health(recorder, CALM, float(at)) for at in range(0, 70, 10)] == [
        True,
        *[False] * 5,
        True,
    ]
    recorder.endpoint(phase="upcoming")
    recorder.poll()
    assert [health(recorder, CALM, float(at)) for at in range(70, 100, 10)] == [True] * 3


def test_an_alarm_is_said_at_once_when_it_comes_and_when_it_goes(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.endpoint()
    recorder.poll()
    rounds = [CALM, CALM, HOT, HOT, CALM, CALM]
    sent = [health(recorder, condition, 10.0 * at) for at, condition in enumerate(rounds)]
    assert sent == [True, False, True, False, True, False]


@pytest.mark.parametrize(
    ("phase", "period"),
    [(None, 60.0), ("idle", 60.0), ("upcoming", 10.0), ("in meeting", 10.0), ("rejoining", 10.0)],
)
def test_the_interval_between_reports(phase: str | None, period: float) -> None:
    assert report_interval_s(phase) == period


def test_the_hand_that_is_seen_is_the_one_that_is_up() -> None:
    messages = ProvinceMessages(lambda: NOW, lambda: None)
    assert not messages.hand_seen(5)
    messages.receive(Message("diemcau/ia-kly/desired", Desired(NOW, 7, hand_seen=5).payload, True))
    assert [messages.hand_seen(seq) for seq in (0, 4, 5, 6)] == [False, False, True, False]
    messages.receive(Message("diemcau/ia-kly/desired", Desired(NOW, 8).payload, True))
    assert not messages.hand_seen(0)


def test_what_the_province_tells_is_kept_for_the_neighbours() -> None:
    changes: list[int] = []
    messages = ProvinceMessages(lambda: NOW, lambda: changes.append(1))
    assert (messages.nudged_at, messages.desired_facts) == (None, None)
    messages.receive(Message("diemcau/ia-kly/nudge", b"", False))
    messages.receive(Message("diemcau/ia-kly/desired", Desired(NOW, 7, floor="m").payload, True))
    messages.receive(Message("diemcau/ia-kly/desired", Desired(NOW, 6, floor="").payload, True))
    assert (messages.nudged_at, messages.desired_facts) == (NOW, DesiredFacts(floor="m"))
    for topic, payload in (("diemcau/ia-kly/desired", b"{"), ("x", b""), ("diemcau/+/nudge", b"")):
        messages.receive(Message(topic, payload, False))
    assert len(changes) == 2
