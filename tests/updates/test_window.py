"""N1 at the edge: what an update asks the endpoint, before it begins and while it goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.paths import Paths
from appliance.core.decision import Phase
from appliance.core.maintenance_window import NO_CLOCK, Work
from appliance.wire.facts import EndpointFacts, MeetingTime
from services.updates.budgeted_install import Stop, Unit, run_rauc
from services.updates.install import reason_of
from services.updates.slot_confirmed import RESCUE_FLAG
from services.updates.window import SILENT_S, Window
from tests.provisioning.site_files import site
from tests.updates.rauc_service import Service, streaming

NOON = 1796126400.0
"""2026-12-01 12:00 UTC."""
MINUTE = 60.0
MEETING = MeetingTime(NOON, NOON + 60 * MINUTE)
IN_MEETING = EndpointFacts(phase=Phase.IN_MEETING.value, clock_trusted=True)


class Box:
    """A site's box at a time that moves while somebody pauses; its endpoint may speak later."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(folder / "data", folder / "run", folder / "root")
        (folder / "data/site").mkdir(parents=True)
        (folder / "data/site/site.toml").write_bytes(site().split(b"[secrets]")[0])
        self.now = NOON - 31 * MINUTE
        self.speaks: tuple[float, EndpointFacts] | None = None

    def window(self, *, attended: bool = False) -> Window:
        return Window(self.paths, attended, lambda: self.now, lambda: self.now, self.pause)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.speaks and self.now >= self.speaks[0]:
            self.tell(self.speaks[1])

    def tell(self, facts: EndpointFacts) -> None:
        """The endpoint writes its facts now."""
        ENDPOINT_FILE.write(self.paths.run, facts, self.now)

    def idle(self, *meetings: MeetingTime, clock_trusted: bool = True) -> None:
        self.tell(EndpointFacts(phase="idle", meetings=meetings, clock_trusted=clock_trusted))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def service() -> Iterator[Service]:
    with streaming() as service:
        yield service


def test_an_endpoint_that_starts_is_waited_for(box: Box) -> None:
    begun = box.now
    box.speaks = (box.now + 20.0, EndpointFacts(phase="rejoining"))
    assert box.window().why_wait(Work.INSTALL) == "the site is rejoining"
    assert box.now - begun < SILENT_S


def test_an_endpoint_that_stays_silent_is_in_no_meeting(box: Box) -> None:
    box.tell(IN_MEETING)
    box.now += 3600.0
    begun = box.now
    assert box.window().why_wait(Work.RESTART) == ""
    assert box.now - begun >= SILENT_S


def test_a_restart_110_minutes_before_a_meeting_is_refused(box: Box) -> None:
    box.now = NOON - 110 * MINUTE
    box.idle(MEETING)
    for attended in (True, False):
        window = box.window(attended=attended)
        assert window.why_wait(Work.DOWNLOAD) == ""
        assert window.why_wait(Work.RESTART) == (
            "a meeting begins at 2026-12-01 12:00 UTC; no restart from 2 hours before it"
        )


def test_without_a_trusted_clock_only_somebody_at_the_box_goes_on(box: Box) -> None:
    box.idle(clock_trusted=False)
    assert box.window().why_wait(Work.DOWNLOAD) == NO_CLOCK
    assert box.window(attended=True).why_wait(Work.INSTALL) == ""
    box.tell(EndpointFacts(phase="leaving"))
    assert box.window(attended=True).why_wait(Work.INSTALL) == "the site is leaving"


def test_in_rescue_no_meeting_is_asked_for(box: Box) -> None:
    box.tell(IN_MEETING)
    (box.paths.root / RESCUE_FLAG).parent.mkdir(parents=True)
    (box.paths.root / RESCUE_FLAG).write_text("7")
    assert box.window().why_wait(Work.DOWNLOAD) == ""
    assert box.window().why_stop(Work.DOWNLOAD) == ""


def test_a_box_without_settings_is_free(box: Box) -> None:
    (box.paths.data / "site/site.toml").unlink()
    box.tell(IN_MEETING)
    assert box.window().why_wait(Work.RESTART) == ""


def test_what_goes_on_is_stopped_by_a_phase_and_by_no_silence(box: Box) -> None:
    begun = box.now
    assert box.window().why_stop(Work.DOWNLOAD) == ""
    assert box.now == begun, "nobody waits for an endpoint that falls silent meanwhile"
    box.tell(IN_MEETING)
    assert box.window().why_stop(Work.DOWNLOAD) == "the site is in meeting"


def stream(box: Box, service: Service, *, each_s: float, entered_at: float = 0.0) -> str:
    """How a download ends that begins at `box.now`, where each look at it takes `each_s`.

    The meeting is in the agenda from `entered_at` on.
    """
    window = box.window()

    def facts() -> None:
        box.idle(*((MEETING,) if box.now >= entered_at else ()))

    facts()
    assert window.why_wait(Work.DOWNLOAD) == ""

    def why_stop() -> str:
        box.now += each_s
        facts()
        return window.why_stop(Work.DOWNLOAD)

    done = run_rauc(
        service.client, 2**20, 60, why_stop=why_stop, ask=lambda: Unit(service.process.pid, 0),
        period_s=0.01, why_stop_s=0.01,
    )  # fmt: skip
    assert done.stop is Stop.WINDOW
    return reason_of(done.output)


def test_a_download_begun_31_minutes_before_is_stopped_at_30(box: Box, service: Service) -> None:
    reason = stream(box, service, each_s=5.0)
    assert reason.startswith("stopped: a meeting begins at 2026-12-01 12:00 UTC")
    assert box.now == NOON - 30 * MINUTE


def test_a_meeting_that_is_entered_meanwhile_stops_it_as_well(box: Box, service: Service) -> None:
    """An install begun 16 minutes before went on through the meeting."""
    box.now = NOON - 16 * MINUTE
    entered_at = NOON - 14 * MINUTE
    assert "12:00 UTC" in stream(box, service, each_s=30.0, entered_at=entered_at)
    assert box.now == entered_at
