"""Everything goes wrong at once: the other meetings take place, and the console names each trouble.

A chair whose picture nobody can decode (H10), a camera that sends damage (C3), a calendar with one
broken event of three (L5), a disk that is full (B6), and another box that floods the broker. The
site's day passes in a fast loop, on a real file system; what it reported then goes through a real
broker, beside the flood, into a province's console.

Nothing of it is said by hand. The chair is a Chromium in VP9 as a real Janus told of it and offered
it, and the site's own Janus dialer finds out, over real ICE, DTLS and SRTP. The second meeting's
server is an older one, which says in its offer alone what the chair sends; a box is seen there.
The camera lives in a process of its own, where `Devices` reads damaged MJPEG of a Video4Linux
device and counts it: threads have no fast clock, so the story stands still while they count.
"""

import asyncio
import time
from pathlib import Path

import av
import pytest

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.base.tasks import cancel_and_wait
from appliance.core.end_reasons import EndReason
from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.registry import Dialers
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
from tests.fast_net import play
from tests.full_disk import needs_mount, small_disk, spoil
from tests.hardware.vitals.trees import pi
from tests.load.attackers import Done, flood
from tests.peers.camera.process import CameraProcess, camera_process
from tests.peers.mosquitto import broker_fixture, connected_as
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore, ingest, running_ingest
from tests.province.in_process import House
from tests.stories.cards import OURS, OURS_S, Card, Hum
from tests.stories.evening import Evening
from tests.stories.recorded_room import BOX_GREY, CHAIR_NAME, VP9, RecordedRoom

SITE, FLOODER = "ia-kly", "hung-du"
CHECKS = ("endpoint", "agenda", "camera", "disk")
CHAIR = f"{CHAIR_NAME} (VP9)"
PORTS = {"a": 8188, "b": 8189}
CAMERA_S = 1.0
"""Thirty pictures, of which a third is damaged."""
CAMERA_OPEN_S = 20.0
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

    def __init__(self, folder: Path, disk: Path, camera: CameraProcess) -> None:
        self.evening = Evening(folder, "13:59", self._dial)
        self.evening.data = disk / "endpoint"
        self.evening.near = self.camera = camera
        self.rooms = {"a": RecordedRoom(), "b": RecordedRoom(names_codecs=False, has_box=True)}
        self.calls: list[Call] = []
        self._dialers = Dialers()
        self._disk = disk
        self._root = pi(folder / "root")
        checks = Checklist(self._root, disk).checks
        self._runner = CheckRunner({name: checks[name] for name in CHECKS})
        self.health = HealthSnapshot((), {}, {})

    async def _dial(self, meeting: Meeting) -> Call:
        near = LocalTracks(Card(OURS, OURS_S), Hum())
        self.calls.append(await self._dialers.dial(meeting.address, near, name="Xã Ia Kly"))
        return self.calls[-1]

    def publish(self) -> None:
        """Three events, of which one says until when in words of its own."""
        for uid, begin, end in (("a", "14:00", "14:04"), ("b", "14:05", "14:07")):
            address = f"janus+ws://127.0.0.1:{PORTS[uid]}/janus?room={uid}"
            self.evening.meeting(uid, begin, end, address=address)
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

    def damage_camera(self) -> None:
        """Real time, in which the story stands still: a third of its pictures is damaged."""
        until_s = time.perf_counter() + CAMERA_OPEN_S
        while self.camera.ask()["pictures"] < 5:
            assert time.perf_counter() < until_s, "the camera gives no picture"
            time.sleep(0.1)
        assert self.camera.problems() == []
        self.camera.ask(fault="junk", every=3)
        time.sleep(CAMERA_S)

    async def live(self) -> tuple[HealthSnapshot, dict[str, str]]:
        """Health's word and the TV's three minutes into the first meeting."""
        evening = self.evening
        self.publish()
        async with (
            self.rooms["a"].listening(PORTS["a"]),
            self.rooms["b"].listening(PORTS["b"]),
            evening.powered(),
        ):
            await evening.until("14:01")
            self.damage_camera()
            spoil(self._disk, "full")
            evening.meetings["a"]["summary"] = "Giao ban"
            self.publish()
            await self.check_until("14:03:30")
            seen = self.health, evening.tv.codes
            self.look_at("a", pictures=False)
            await self.check_until("14:06:30")
            self.look_at("b", pictures=True)
            assert (evening.tv.codes["H10"], self.rooms["b"].refused) == (CHAIR, [VP9])
            assert isinstance(evening.tv.far, av.VideoFrame)
            assert abs(float(evening.tv.far.to_ndarray()[:48].mean()) - BOX_GREY) < 12
            assert evening.tv.seen_at > evening.hour("14:06:25")
            await evening.until("14:07:30")
            assert [call.ended for call in self.calls] == [EndReason.OURS, None]
        return seen

    def look_at(self, uid: str, *, pictures: bool) -> None:
        """That meeting takes place: its sound comes, ours and our picture arrive there."""
        call, now = self.calls[-1], asyncio.get_running_loop().time()
        assert call.ended is None
        assert call.audio is not None
        assert (call.video is not None) is pictures
        statistics = call.statistics()
        assert statistics.flowed
        assert statistics.audio.received_s > 0
        (site,) = self.rooms[uid].sites
        assert site.last_rtp_at is not None
        assert now - site.last_rtp_at < OURS_S + 1.0


@needs_mount
@pytest.mark.case("K1", "K5", "K6", "K8", "P1")
@pytest.mark.timeout(180)
def test_the_other_meetings_take_place_and_the_console_names_each(tmp_path: Path) -> None:
    camera_folder = tmp_path / "camera"
    camera_folder.mkdir()
    with small_disk(tmp_path / "disk") as disk, camera_process(camera_folder) as camera:
        day = WorstDay(tmp_path, disk, camera)
        health, on_tv = play(day.live())
    joined = ["joining", "in meeting", "overtime"]
    assert day.evening.phases == ["idle", "upcoming", *joined, "leaving", *joined]
    assert {"H10", "C3", "L5", "B6"} <= set(on_tv)
    assert (on_tv["H10"], on_tv["L5"]) == (CHAIR, "Họp làng Kép")
    assert {alarm.code for alarm in health.alarms} >= {"H10", "C3", "L5", "B6"}
    asyncio.run(told_at_the_province(tmp_path, health))


async def told_at_the_province(folder: Path, health: HealthSnapshot) -> None:
    """What health says arrives beside a flood, and the console names each of the five."""
    database = Database(f"sqlite:///{folder / 'province.db'}")
    database.upgrade()
    house = House(database, now=time.time())
    house.communes(SITE, FLOODER)
    passed_over = PassedOverLog(database)
    broker = broker_fixture(folder / "broker")
    store = MemoryStore()
    store.fails = lambda batch: bool(write_reports(database)(batch))
    one = ingest(broker, store, tell=passed_over.note)

    async with broker.running(), running_ingest(one):
        flooding = asyncio.create_task(
            flood(broker.broker, FLOODER, broker.identity(FLOODER), Done())
        )
        await until("the flood is more than is taken", lambda: one.counts.flooded > 0)
        async with connected_as(broker, SITE, broker.identity(SITE)) as link:
            report = Health(ReportId(time.time(), "day", 1), health.alarms, health.figures)
            await link.publish(str(Topic(SITE, Kind.HEALTH)), print_report(report), retain=True)
            await until("it is stored", lambda: (SITE, "day", 1) in store.kept)
        await cancel_and_wait(flooding)
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
