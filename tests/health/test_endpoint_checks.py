"""What only the endpoint knows: its age, the agenda's, line, microphone, the last self-test."""

from pathlib import Path

from appliance.core.problems import ProblemKey
from appliance.wire.facts import EndpointFacts
from appliance.wire.report_id import ReportId
from services.health.checklist import Checklist
from services.health.report_builder import meeting_of
from tests.health.boxes import NOON, healthy_box, wrong

KEY = ProblemKey


def test_a_silent_endpoint(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["endpoint"]
    finding = check(one.box(3.0))
    assert finding.figures == {"endpoint_age_s": 3.0}
    one.endpoint = None
    assert wrong(check, one.box()) == {KEY.ENDPOINT_SILENT}


def test_the_age_of_the_agenda(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["agenda"]
    assert check(one.box()).figures == {}
    one.endpoint = EndpointFacts(at=NOON, phase="idle", agenda_at=NOON - 90)
    assert check(one.box()).figures == {"agenda_age_s": 90}
    assert check(one.box(trusted=False)).figures == {}


def test_the_detail_of_a_problem_goes_into_its_alarm(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["agenda"]
    details = {"L5": "Giao ban", "H1": "of another check"}
    one.endpoint = EndpointFacts(at=NOON, phase="idle", problems=("L5",), problem_details=details)
    (found,) = (seen for seen in check(one.box()).observations if seen.detail)
    assert (found.key, found.detail) == (KEY.MEETING_LEFT_OUT, "Giao ban")
    meeting = meeting_of(one.endpoint, ReportId(NOON, "b", 1))
    assert meeting.details == details


def test_the_endpoint_s_figures(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    checks = Checklist(one.root, one.data).checks
    one.endpoint = EndpointFacts(
        at=NOON, phase="idle", loss_percent=1.25, rtt_ms=38.0, microphone_dbfs=-31.5
    )
    told = {**checks["line"](one.box()).figures, **checks["microphone"](one.box()).figures}
    assert told == {"loss_percent": 1.25, "rtt_ms": 38.0, "microphone_dbfs": -31.5}
    for silent in (None, EndpointFacts(at=NOON, phase="idle")):
        one.endpoint = silent
        assert checks["line"](one.box()).figures == {}
        assert checks["microphone"](one.box()).figures == {}


def test_the_last_self_test(tmp_path: Path) -> None:
    one = healthy_box(tmp_path)
    check = Checklist(one.root, one.data).checks["selftest"]
    assert check(one.box()).facts == {}
    done = "2026-11-02T07:40:00Z"
    one.endpoint = EndpointFacts(at=NOON, phase="idle", self_test="C1, A2", self_test_at=done)
    assert check(one.box()).facts == {"selftest": "C1, A2", "selftest_at": done}
    one.endpoint = EndpointFacts(at=NOON, phase="idle", self_test="good")
    assert check(one.box()).facts == {}
