"""Everything goes wrong at once: the other meetings take place, and the console names each trouble.

A chair whose picture nobody can decode (H10), a camera that sends damage (C3), a calendar with one
broken event of three (L5), a disk that is full (B6), and another box that floods the broker. The
site's day passes in a fast loop, on a real file system; what it reported then goes through a real
broker, beside the flood, into a province's console.
"""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.mqtt import MQTT_ERRORS
from appliance.core.problems import Problem, ProblemKey
from appliance.wire.alarm import Alarm
from appliance.wire.meeting import Meeting
from appliance.wire.report import Health, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind, Topic
from services.health.check_api import Box
from services.health.check_runner import CheckRunner, HealthSnapshot
from services.health.checklist import Checklist
from services.province.accounts import Role
from services.province.fleet.report_writer import write_reports
from services.province.passed_over import PassedOverLog
from services.province.storage.database import Database
from tests.fast_loop import play
from tests.full_disk import needs_mount, small_disk, spoil
from tests.hardware.vitals.trees import pi
from tests.peers.mosquitto import broker_fixture, connected_as
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest
from tests.province.in_process import House
from tests.stories.evening import Evening
from tests.stories.far_end import StoryCall

SITE, FLOODER = "ia-kly", "hung-du"
CHECKS = ("endpoint", "agenda", "camera", "disk")
CHAIR = "Chủ tọa (VP9)"
BROKEN = """BEGIN:VEVENT
UID:hop-lang
DTSTAMP:20261101T000000Z
DTSTART;TZID=Asia/Ho_Chi_Minh:20261123T141200
DURATION:PT10M
RRULE:FREQ=DAILY;UNTIL=080000
SUMMARY:Họp làng Kép
LOCATION:janus+ws://mcu.example/janus?room=3
END:VEVENT
""".replace("\n", "\r\n")


class WorstDay:
    """The site's side: the endpoint's evening, and health's checks every ten seconds beside it."""

    def __init__(self, folder: Path, disk: Path) -> None:
        self.evening = Evening(folder, "13:59", self._dial)
        self.evening.data = disk / "endpoint"
        self._disk = disk
        self._root = pi(folder / "root")
        checks = Checklist(self._root, disk).checks
        self._runner = CheckRunner({name: checks[name] for name in CHECKS})
        self.health = HealthSnapshot((), {}, {})

    async def _dial(self, meeting: Meeting) -> StoryCall:
        call = await self.evening.far.dial(meeting)
        if meeting.uid == "a":
            call.problems[ProblemKey.FAR_VIDEO] = CHAIR
        return call

    def publish(self) -> None:
        """Three events, of which one says until when in words of its own."""
        self.evening.meeting("a", "14:00", "14:10")
        self.evening.meeting("b", "14:15", "14:20", address="janus+ws://mcu.example/janus?room=2")
        feed = self.evening.folder / "feed.ics"
        text = feed.read_bytes().decode()
        feed.write_bytes(text.replace("END:VCALENDAR", f"{BROKEN}END:VCALENDAR").encode())

    def check(self) -> None:
        """One round of health's checks."""
        now = self.evening.clock.now()
        self.health = self._runner.run(
            Box(
                root=self._root,
                data=self._disk,
                now=now,
                monotonic=asyncio.get_running_loop().time(),
                endpoint=ENDPOINT_FILE.read(self.evening.folder / "run", now, 20.0),
            )
        )

    async def check_until(self, hour: str) -> None:
        """Live on until then, with health's checks."""
        while asyncio.get_running_loop().time() < self.evening.hour(hour):
            await asyncio.sleep(10.0)
            self.check()

    async def live(self) -> tuple[HealthSnapshot, dict[str, str]]:
        """Health's word and the TV's nine minutes into the first meeting."""
        evening = self.evening
        self.publish()
        async with evening.powered():
            await evening.until("14:02")
            evening.devices.found = [Problem(ProblemKey.CAMERA_DAMAGED)]
            spoil(self._disk, "full")
            evening.meetings["a"]["summary"] = "Giao ban"
            self.publish()
            await self.check_until("14:09")
            assert [call.address[-1] for call in evening.far.live] == ["1"]
            seen = self.health, evening.tv.codes
            await self.check_until("14:19")
            assert [call.address[-1] for call in evening.far.live] == ["2"]
            await evening.until("14:20:30")
            assert evening.far.live == []
        return seen


def flood_of(number: int) -> bytes:
    """A valid report of nearly the largest size."""
    texts = dict.fromkeys(("vi", "en", "de", "fr", "ja"), "á" * 480)
    alarms = tuple(Alarm(f"key{n}", "B1", 2, 1.0, "x" * 400, texts, texts) for n in range(5))
    return print_report(Health(ReportId(time.time(), "flood", number), alarms))


@needs_mount
@pytest.mark.case("K1", "K5", "K6", "K8", "P1")
@pytest.mark.timeout(120)
async def test_the_other_meetings_take_place_and_the_console_names_each(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        day = WorstDay(tmp_path, disk)
        health, on_tv = await asyncio.to_thread(lambda: play(day.live()))
    assert day.evening.phases[-4:] == ["joining", "in meeting", "leaving", "idle"]
    assert len(day.evening.far.dialed) == 2
    assert {"H10", "C3", "L5", "B6"} <= set(on_tv)
    assert (on_tv["H10"], on_tv["L5"]) == (CHAIR, "Họp làng Kép")
    assert {alarm.code for alarm in health.alarms} >= {"H10", "C3", "L5", "B6"}

    database = Database(f"sqlite:///{tmp_path / 'province.db'}")
    database.upgrade()
    house = House(database, now=time.time())
    house.communes(SITE, FLOODER)
    passed_over = PassedOverLog(database)
    broker = broker_fixture(tmp_path / "broker")
    store = MemoryStore()
    store.fails = lambda batch: bool(write_reports(database)(batch))
    one = ingest(broker, store, tell=passed_over.note)

    async def flood() -> None:
        async with connected_as(broker, FLOODER, broker.identity(FLOODER)) as link:
            topic = str(Topic(FLOODER, Kind.HEALTH))
            for first in range(0, 10**6, 20):
                batch = (flood_of(number) for number in range(first, first + 20))
                await asyncio.gather(*(link.publish(topic, each, retain=True) for each in batch))

    async with broker.running(), running_ingest(one):
        flooding = asyncio.create_task(flood())
        await until("the flood is more than is taken", lambda: one.counts.flooded > 50)
        async with connected_as(broker, SITE, broker.identity(SITE)) as link:
            report = Health(ReportId(time.time(), "day", 1), health.alarms, health.figures)
            await link.publish(str(Topic(SITE, Kind.HEALTH)), print_report(report), retain=True)
            await until("it is stored", lambda: (SITE, "day", 1) in store.kept)
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError, *MQTT_ERRORS):
            await flooding
    passed_over.write()

    clerk = await asyncio.to_thread(house.person, "cntt", Role.VIEWER)
    page = (await asyncio.to_thread(clerk.get, f"/sites/{SITE}")).text
    for code in ("H10", "C3", "L5", "B6"):
        assert code in page
    assert CHAIR in page
    assert "Họp làng Kép" in page
    told = (await asyncio.to_thread(clerk.get, "/passed-over")).text
    assert FLOODER in told
    assert SITE not in told
