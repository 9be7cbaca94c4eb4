"""The floor in a conference of which nobody tells us: the sites' own word, and ours to them."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from appliance.base.mqtt import MQTT_ERRORS
from appliance.wire.desired import Desired
from services.province.accounts import Role, add_account
from services.province.broker.local_broker import LocalBroker
from services.province.fleet.desired_publisher import DesiredPublisher
from services.province.floor.attendance import MIN_ABSENCE_S
from services.province.floor.participants import OccurrenceKey
from services.province.floor.room_monitor import RoomMonitor
from services.province.floor.sip_participants import participant_number
from services.province.schedule.meetings import Guests, MeetingDraft, create, get_meeting
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.simulate.fleet import issue_certificates
from tests.health.process import SITE, Program
from tests.process.ports import free_port
from tests.process.waiting import until, until_told
from tests.province.in_process import PASSWORD, House, Person, draft
from tests.province.program import a_province

ADDRESS = "sip:724999@mcu.gialai.example;transport=tls"
KLY = participant_number("ia-kly")
GIVE_KLY = f'value="{KLY}"'
"""The chair's button for it: there once the site's being in is written down."""
pytestmark = pytest.mark.timeout(300)


class Conference:
    """A meeting over SIP of two communes, on by the real clock."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.now = time.time()
        house.communes("ia-kly", "ia-o")
        begin = float(int(house.now) - 60)
        number = house.meeting(draft({house.place("Gia Lai")}, begin=begin, address=ADDRESS))
        with house.database.reading() as session:
            self.uid = get_meeting(session, number).uid
        self.key = OccurrenceKey(number, begin)
        self.path = f"/floor/{number}/{begin:.0f}"
        self._seq = 0

    def says(self, site: str, microphone: str = "off", phase: str = "in meeting") -> None:
        """The endpoint's state by the site's own report."""
        self._hears(site, "meeting", phase=phase, meeting=self.uid, microphone=microphone)

    def hand(self, site: str, *, up: bool, live: bool = False, returned: bool = False) -> int:
        """The site's hand; the report's number."""
        since = self.house.now if up else 0.0
        self._hears(
            site, "hand", up=up, since=since, meeting=self.uid, live=live, returned=returned
        )
        return self._seq

    def _hears(self, site: str, kind: str, **state: Any) -> None:
        self._seq += 1
        self.house.now = time.time()
        self.house.reports(site, self._seq, kind, **state)

    def part(self, person: Person, name: str) -> str:
        """One list of the chair's page."""
        page = person.get(self.path).text
        return page.split(f'id="{name}"')[1].split("</ul>")[0].split("</ol>")[0]


@pytest.fixture
def conference(house: House) -> Conference:
    return Conference(house)


@asynccontextmanager
async def keeping(house: House) -> AsyncIterator[RoomMonitor]:
    monitor = RoomMonitor(house.database)
    running = asyncio.create_task(monitor.run())
    try:
        yield monitor
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_who_is_in_is_written_down_as_the_sites_tell_it(conference: Conference) -> None:
    boss = conference.house.person("boss", Role.CHAIR)
    async with keeping(conference.house):
        conference.says("ia-kly")
        await until("it is in", lambda: "Xã ia-kly" in conference.part(boss, "seats"))
        conference.hand("ia-kly", up=True)
        await until("its hand", lambda: GIVE_KLY in conference.part(boss, "hands"))
        assert "Xã ia-o" in conference.part(boss, "missing")
        conference.hand("ia-kly", up=False, live=True)
        await until("it speaks", lambda: "micro bật" in conference.part(boss, "seats"))
        # The cable: its broker says so, whatever it said last itself.
        conference._hears("ia-kly", "presence", online=False, reason="lost")
        await until("it is out", lambda: "Xã ia-kly" in conference.part(boss, "missing"))
        await asyncio.sleep(MIN_ABSENCE_S + 0.1)
        conference._hears("ia-kly", "presence", online=True)
        await until("it is back", lambda: GIVE_KLY in conference.part(boss, "seats"))
    line = boss.get(f"{conference.path}/attendance").text.split("Xã ia-kly")[1].split("</tr>")[0]
    outages, raised = re.findall(r"<td>(\d+)</td>", line)[-2:]
    assert (outages, raised) == ("1", "1")


async def test_the_floor_is_told_and_the_site_says_that_it_knows(conference: Conference) -> None:
    boss = conference.house.person("boss", Role.CHAIR)
    async with keeping(conference.house):
        conference.says("ia-kly")
        conference.says("ia-o")
        await until("it is in", lambda: GIVE_KLY in conference.part(boss, "seats"))
        assert boss.post(conference.path, number=KLY).status_code == 303
        assert "đang báo" in boss.get(conference.path).text
        conference.says("ia-kly", microphone="given")
        await until("it knows", lambda: "điểm cầu đã biết" in boss.get(conference.path).text)
        assert boss.post(conference.path, number="").status_code == 303
        assert "Chưa ai được mời phát biểu" in boss.get(conference.path).text


async def test_n3_a_site_that_gives_the_floor_back_has_it_no_more(conference: Conference) -> None:
    boss = conference.house.person("boss", Role.CHAIR)
    async with keeping(conference.house):
        conference.says("ia-kly")
        await until("it is in", lambda: GIVE_KLY in conference.part(boss, "seats"))
        boss.post(conference.path, number=KLY)
        conference.says("ia-kly", microphone="given")
        await until("it knows", lambda: "điểm cầu đã biết" in boss.get(conference.path).text)
        conference.hand("ia-kly", up=False, returned=True)
        nobody = "Chưa ai được mời phát biểu"
        await until("nobody has it", lambda: nobody in boss.get(conference.path).text)
        told = "Xã ia-kly đã phát biểu xong, trả lại lượt lúc"
        assert told in boss.get(conference.path).text
        boss.post(conference.path, number=KLY)
        assert told not in boss.get(conference.path).text


async def test_who_waits_for_the_opening_or_stays_over_time_is_counted(
    conference: Conference,
) -> None:
    boss, seen = conference.house.person("boss", Role.CHAIR), "điểm cầu chờ khai mạc"
    conference.says("ia-kly")
    assert seen not in boss.get(conference.path).text
    for site, period in (("ia-kly", "waiting"), ("ia-o", "overtime")):
        state = {"phase": "in meeting", "meeting": conference.uid, "period": period}
        conference._hears(site, "meeting", **state)
    page = boss.get(conference.path).text
    assert f"1 {seen}" in page
    assert "1 điểm cầu ở lại quá giờ" in page
    conference._hears("ia-o", "meeting", phase="in meeting", meeting="another", period="overtime")
    assert "ở lại quá giờ" not in boss.get(conference.path).text


async def test_each_site_is_told_what_is_new_and_once(conference: Conference) -> None:
    told: list[tuple[str, str, int]] = []
    lost = False

    async def tell(site: str, desired: Desired) -> None:
        if lost:
            raise next(iter(MQTT_ERRORS))("the broker is away")
        told.append((site, desired.floor, desired.hand_seen))

    boss = conference.house.person("boss", Role.CHAIR)
    async with keeping(conference.house) as monitor:
        desiring = DesiredPublisher(conference.house.database, lambda: monitor.conferences, tell)
        await until("the meeting is on", lambda: monitor.conferences)
        await desiring.publish_changes()
        assert sorted(told) == [("ia-kly", "", 0), ("ia-o", "", 0)]
        conference.says("ia-kly")
        number = conference.hand("ia-kly", up=True)
        await until("its hand", lambda: GIVE_KLY in conference.part(boss, "hands"))
        del told[:]
        lost = True
        await desiring.publish_changes()
        lost = False
        await desiring.publish_changes()
        await desiring.publish_changes()
        assert told == [("ia-kly", "", number)]
        assert boss.post(conference.path, number=KLY).status_code == 303
        conference.hand("ia-kly", up=False)
        await desiring.publish_changes()
        assert told[1:] == [("ia-kly", conference.uid, 0)]
        # The hour is over: the floor is nobody's, also for a site that is away by then.
        conferences, monitor._rooms = monitor._rooms, {}
        assert conferences
        await desiring.publish_changes()
        assert told[2:] == [("ia-kly", "", 0)]


async def test_from_the_chairs_click_to_the_box_and_back(tmp_path: Path) -> None:
    """The province's program, its broker and the health program of a box, each in its process."""
    port, now = free_port(), time.time()
    async with a_province(tmp_path, broker_port=port) as province:
        database = Database(f"sqlite:///{province.data / 'province.db'}")
        with database.writing() as session:
            place = place_at(session, ["Gia Lai"])
            add_site(session, SITE, "Xã Ia Kly", place, now)
            add_account(session, "boss", PASSWORD, Role.CHAIR, now)
            guests = Guests(frozenset({place.id}))
            wanted = MeetingDraft("Giao ban", float(int(now) - 60), 3600, guests, address=ADDRESS)
            meeting = create(session, wanted, now)
            path, uid = f"/floor/{meeting.id}/{int(meeting.begin)}", meeting.uid
        database.close()
        choice = LocalBroker(province.data / "broker", port=port)
        issue_certificates(choice, [SITE], tmp_path, now)
        (tmp_path / "box").mkdir()
        identity = (tmp_path / f"{SITE}.pem").read_bytes()
        box = Program(tmp_path / "box", port, choice.files.authority, identity)
        box.notify.open()
        words: dict[str, Any] = {"hand": {"up": True}, "microphone": "hand"}

        async def live() -> None:
            while True:
                box.endpoint(phase="in meeting", meeting=uid, **words)
                await asyncio.sleep(1)

        living = asyncio.create_task(live())
        await box.start()
        assert box.process is not None
        try:
            async with httpx.AsyncClient(
                base_url=province.url, trust_env=False, follow_redirects=True, timeout=30
            ) as chair:
                await chair.post("/login", data={"name": "boss", "password": PASSWORD})
                await until("its hand is seen", lambda: box.facts().get("hand_seen"), within=60,
                            else_say=box.said)  # fmt: skip

                async def hands() -> str:
                    page = (await chair.get(path)).text.split('id="hands"')[1].split("</ol>")[0]
                    return page if 'value="Xã Ia Kly"' in page else ""

                page = await until_told("and can be given the floor", hands, within=60)
                csrf = page.split('name="csrf" value="')[1].split('"')[0]
                await chair.post(path, data={"csrf": csrf, "number": participant_number(SITE)})
                await until("it has the floor", lambda: box.facts()["desired"]["floor"] == uid,
                            within=60, else_say=box.facts)  # fmt: skip
                words |= {"hand": {"live": True}, "microphone": "live"}

                async def knows() -> bool:
                    return "điểm cầu đã biết" in (await chair.get(path)).text

                await until_told("the chair sees it", knows, within=60)
        finally:
            living.cancel()
            box.process.kill()
            await box.process.wait()
            box.notify.close()
