"""Forty boxes rehearse in waves, six of them with a fault each: the first page names each."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.texts import text
from appliance.core.alarms import DEBOUNCE
from appliance.core.end_reasons import EndReason
from appliance.core.problems import KINDS, ProblemKey
from appliance.dialers.api import Call, CallStatistics, DialError, VideoStatistics
from appliance.wire.facts import RehearsalWish
from appliance.wire.meeting import Meeting
from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.health.check_runner import CheckRunner
from services.health.checks.selftest import selftest
from services.health.checks.tv import tv
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming
from services.province.fleet.rehearsals import AHEAD_S, turns
from services.province.fleet.report_writer import write_reports
from services.province.storage.database import Database
from tests.fast_loop import play
from tests.hardware.vitals.trees import spoil
from tests.health.boxes import healthy_box
from tests.province.in_process import House, draft
from tests.stories.evening import Evening, at
from tests.stories.rehearsals.near_end import StoryCamera, StoryMicrophone, StoryNear

SITES = [f"xa-{number:02d}" for number in range(40)]
GOOD_LINE = CallStatistics(rtt_ms=35.0, received_packets=2000)
POOR_LINE = CallStatistics(
    rtt_ms=35.0, received_packets=1600, video=VideoStatistics(lost_packets=400)
)
BEGIN = at("14:00").timestamp()
NO_TV = "xa-38"
"""Whose HDMI cable is out."""


async def refuse(meeting: Meeting) -> Call:
    raise DialError(EndReason.UNAUTHORISED, "401 Unauthorized")


def one_site(folder: Path, meeting: str) -> Evening:
    evening = Evening(folder, "12:55")
    evening.meeting(meeting, "14:00", "15:00")
    evening.far.line = GOOD_LINE
    evening.tested = StoryNear()
    return evening


def with_faults(evenings: dict[str, Evening]) -> None:
    """No camera, a black one, a dead microphone, a wrong password, a line that loses a fifth.

    Each is done to the device or to the far end: the product's own steps have to find it.
    """
    evenings["xa-03"].tested = StoryNear(camera=StoryCamera(present=False))
    evenings["xa-11"].tested = StoryNear(camera=StoryCamera(black=True))
    evenings["xa-17"].tested = StoryNear(microphone=StoryMicrophone(dead=True))
    evenings["xa-22"].dial = refuse
    evenings["xa-31"].far.line = POOR_LINE


def report(evening: Evening, folder: Path) -> Health:
    """What health says of this box after its rehearsal: its own checks, for as long as they need
    to believe that the cable of the TV is out."""
    box = healthy_box(folder)
    if folder.parent.name == NO_TV:
        spoil(box.root, "sys/class/drm/card1-HDMI-A-1/status", "disconnected\n")
    box.endpoint = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 60.0)
    checks = CheckRunner({"tv": tv, "selftest": selftest})
    for elapsed in (0.0, DEBOUNCE[ProblemKey.TV_UNPLUGGED].raise_s + 1.0):
        found = checks.run(box.box(elapsed))
    return Health(ReportId(evening.clock.now(), "b", 1), found.alarms, facts=found.facts)


def test_each_fault_is_named_on_the_first_page(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'province.db'}")
    database.upgrade()
    house = House(database, now=BEGIN - AHEAD_S)
    house.communes(*SITES)
    house.meeting(draft({house.place("Gia Lai")}, begin=BEGIN))
    house.now += 1.0
    with database.reading() as session:
        found = turns(session, house.now)
    folders = {site: tmp_path / site for site in SITES}
    for folder in folders.values():
        folder.mkdir()
    evenings = {site: one_site(folders[site], found[site].meeting) for site in SITES}
    with_faults(evenings)
    reports: list[Incoming] = []

    async def story() -> None:
        async with AsyncExitStack() as stack:
            for site, evening in evenings.items():
                await stack.enter_async_context(evening.powered())
                turn = found[site]
                evening.province_says(
                    rehearsal=RehearsalWish(name=turn.name, at=turn.at, meeting=turn.meeting)
                )
            busiest = 0
            while asyncio.get_running_loop().time() < evenings["xa-00"].hour("13:06"):
                await asyncio.sleep(5.0)
                busiest = max(busiest, sum(len(one.far.live) for one in evenings.values()))
            assert 0 < busiest <= 12
            for site, evening in evenings.items():
                health = report(evening, folders[site] / "box")
                reports.append(Incoming(site, Kind.HEALTH, health, evening.clock.now()))

    for site in SITES:
        (folders[site] / "box").mkdir()
    play(story())
    write_reports(database)(reports)
    house.now = at("13:06:30").timestamp()
    page = house.person("lan", Role.VIEWER).get("/").text
    cards = page[page.index('<ul class="cards">') : page.index("</ul>", page.index("cards"))]
    assert cards.count("<h3>") == 6
    for site, key in (
        ("xa-03", ProblemKey.CAMERA_MISSING),
        ("xa-11", ProblemKey.CAMERA_BLANK),
        ("xa-17", ProblemKey.MICROPHONE_SILENT),
        ("xa-22", ProblemKey.CALL_UNAUTHORISED),
        ("xa-31", ProblemKey.LINE_POOR),
        (NO_TV, ProblemKey.TV_UNPLUGGED),
    ):
        card = next(one for one in cards.split("<li ") if f"/sites/{site}" in one)
        kind = KINDS[key]
        assert f'<b class="code">{kind.code}</b>' in card
        assert text("vi")(kind.text) in card
        assert text("vi")(kind.remedy) in card
    assert '<li class="ready"><b>34</b>' in page
