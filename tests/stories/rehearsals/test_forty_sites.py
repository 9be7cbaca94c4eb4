"""Forty boxes rehearse in waves, six of them with a fault each: the first page names each."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.end_reasons import EndReason
from appliance.core.problems import KINDS, Area, ProblemKey
from appliance.dialers.api import Call, CallStatistics, DialError, VideoStatistics
from appliance.wire.alarm import Alarm
from appliance.wire.facts import RehearsalWish
from appliance.wire.meeting import Meeting
from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.health.checks.selftest import selftest
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming
from services.province.fleet.rehearsals import AHEAD_S, turns
from services.province.fleet.report_writer import write_reports
from services.province.storage.database import Database
from tests.fast_loop import play
from tests.health.boxes import healthy_box
from tests.province.in_process import House, draft
from tests.stories.evening import Evening, at

SITES = [f"xa-{number:02d}" for number in range(40)]
GOOD_LINE = CallStatistics(rtt_ms=35.0, received_packets=2000)
POOR_LINE = CallStatistics(
    rtt_ms=35.0, received_packets=1600, video=VideoStatistics(lost_packets=400)
)
BEGIN = at("14:00").timestamp()


def finds(found: ProblemKey | None) -> Callable[[], Awaitable[ProblemKey | None]]:
    async def step() -> ProblemKey | None:
        return found

    return step


async def refuse(meeting: Meeting) -> Call:
    raise DialError(EndReason.UNAUTHORISED, "403 Forbidden")


def one_site(folder: Path, meeting: str) -> Evening:
    evening = Evening(folder, "12:55")
    evening.meeting(meeting, "14:00", "15:00")
    evening.far.line = GOOD_LINE
    evening.self_test_steps = {Area.CAMERA: finds(None), Area.SOUND: finds(None)}
    return evening


def with_faults(evenings: dict[str, Evening]) -> None:
    """No camera, a black one, a dead microphone, a wrong password, a line that loses a fifth."""
    evenings["xa-03"].self_test_steps[Area.CAMERA] = finds(ProblemKey.CAMERA_MISSING)
    evenings["xa-11"].self_test_steps[Area.CAMERA] = finds(ProblemKey.CAMERA_BLANK)
    evenings["xa-17"].self_test_steps[Area.SOUND] = finds(ProblemKey.MICROPHONE_SILENT)
    evenings["xa-22"].dial = refuse
    evenings["xa-31"].far.line = POOR_LINE


NO_TV = Alarm(
    key=ProblemKey.TV_UNPLUGGED.value,
    code=KINDS[ProblemKey.TV_UNPLUGGED].code,
    severity=2,
    since=BEGIN,
    text={"vi": "Không thấy TV trên cáp HDMI"},
    remedy={"vi": "Cắm lại cáp HDMI"},
)


def report(evening: Evening, folder: Path, alarms: tuple[Alarm, ...]) -> Health:
    """What health says of this box after its rehearsal."""
    box = healthy_box(folder)
    box.endpoint = ENDPOINT_FILE.read(evening.folder / "run", evening.clock.now(), 60.0)
    result = selftest(box.box())
    return Health(ReportId(evening.clock.now(), "b", 1), alarms, facts=result.facts)


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
                alarms = (NO_TV,) if site == "xa-38" else ()
                health = report(evening, folders[site] / "box", alarms)
                reports.append(Incoming(site, Kind.HEALTH, health, evening.clock.now()))

    for site in SITES:
        (folders[site] / "box").mkdir()
    play(story())
    write_reports(database)(reports)
    house.now = at("13:06:30").timestamp()
    page = house.person("lan", Role.VIEWER).get("/").text
    cards = page[page.index('<ul class="cards">') : page.index("</ul>", page.index("cards"))]
    assert cards.count("<h3>") == 6
    for site, code, words in (
        ("xa-03", "C1", "Không thấy camera"),
        ("xa-11", "C2", ""),
        ("xa-17", "A2", ""),
        ("xa-22", "H4", ""),
        ("xa-31", "M4", ""),
        ("xa-38", "T2", "Không thấy TV trên cáp HDMI"),
    ):
        card = next(one for one in cards.split("<li ") if f"/sites/{site}" in one)
        assert f'<b class="code">{code}</b>' in card
        assert words in card
    assert '<li class="ready"><b>34</b>' in page
