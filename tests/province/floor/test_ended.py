"""The meeting is ended at the chair's page: asked once more, stored, told to each site, undone."""

import re
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.core.meetings.due import MAX_OVERRUN_S
from appliance.wire.desired import Desired
from services.province.accounts import Role
from services.province.fleet.desired_publisher import DesiredPublisher
from services.province.floor import room_monitor
from services.province.floor.ended import KEPT_S, end_meeting
from services.province.floor.participants import (
    OccurrenceKey,
    Participant,
    floor_of,
    present_participations,
    update_participations,
)
from services.province.floor.room_monitor import OVERRUN_S, RoomMonitor
from services.province.schedule.ical import Occurrence
from services.province.schedule.meetings import get_meeting, move_occurrence
from services.province.storage.database import Database
from services.province.storage.tables import AuditEntry
from tests.peers.janus import SECRET
from tests.process.room import CHAIR_PIN, Room, a_room
from tests.process.waiting import until, until_told
from tests.province.floor.monitored import keys_of, now_on, running
from tests.province.floor.room_participant import joined
from tests.province.in_process import NOON, House, draft

pytestmark = pytest.mark.timeout(300)
BEGIN, END = NOON + 3600.0, NOON + 9000.0


class Told:
    """What each site was told last, by a publisher that starts anew with each `Told`."""

    def __init__(self, house: House) -> None:
        self.by_site: dict[str, Desired] = {}
        self.messages = 0
        self._publisher = DesiredPublisher(
            house.database, lambda: (), self._tell, now=lambda: house.now
        )

    async def _tell(self, site: str, desired: Desired) -> None:
        self.messages += 1
        self.by_site[site] = Desired.parse(desired.payload)

    async def ended(self) -> dict[str, list[str]]:
        await self._publisher.publish_changes()
        return {site: [uid for uid, _ in one.ended] for site, one in self.by_site.items()}


@pytest.fixture
def key(house: House) -> OccurrenceKey:
    """A meeting of two communes, half an hour old by the house's clock."""
    house.communes("ia-kly", "ia-o")
    house.now = BEGIN + 1800.0
    return OccurrenceKey(house.meeting(draft({house.place("Gia Lai")})), BEGIN)


def path_of(key: OccurrenceKey) -> str:
    return f"/floor/{key.meeting_id}/{key.instance:.0f}"


def uid_of(house: House, key: OccurrenceKey) -> str:
    with house.database.reading() as session:
        return get_meeting(session, key.meeting_id).uid


def actions(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


async def test_it_is_asked_once_more_and_told_to_each_site(
    house: House, key: OccurrenceKey
) -> None:
    told, path, uid = Told(house), path_of(key), uid_of(house, key)
    assert await told.ended() == {"ia-kly": [], "ia-o": []}, "whatever a copy before said"
    boss = house.person("boss", Role.CHAIR)
    with house.database.writing() as session:
        floor_of(session, key).wanted = "Xã ia-o"
    page = boss.get(path).text
    assert f'href="{path}/end"' in page
    question = boss.get(f"{path}/end").text
    assert "Theo lịch họp đến 14:10, còn 1 giờ nữa." in question
    assert await told.ended() == {"ia-kly": [], "ia-o": []}, "a question ends nothing"
    assert boss.post(f"{path}/end").status_code == 303
    assert await told.ended() == {"ia-kly": [uid], "ia-o": [uid]}
    assert told.by_site["ia-o"].ended == ((uid, round(BEGIN)),)
    page = boss.get(path).text
    assert "boss đã kết thúc cuộc họp này lúc 13:10." in page
    assert "Chưa ai được mời phát biểu" in page
    assert f'href="{path}/end"' not in page
    assert boss.get(f"{path}/end").status_code == 303
    messages = told.messages
    assert boss.post(f"{path}/end").status_code == 303
    await told.ended()
    assert told.messages == messages, "who presses twice ends it once"
    assert boss.post(f"{path}/go-on").status_code == 303
    assert await told.ended() == {"ia-kly": [], "ia-o": []}
    assert "đã kết thúc cuộc họp này" not in boss.get(path).text
    assert actions(house)[-2:] == ["meeting ended for all sites", "meeting goes on after all"]


async def test_past_the_end_the_question_says_for_how_long(
    house: House, key: OccurrenceKey
) -> None:
    house.now = END + 70 * 60.0
    boss = house.person("boss", Role.CHAIR)
    assert "Đã quá giờ 1 giờ" in boss.get(f"{path_of(key)}/end").text


async def test_only_a_chair_ends_a_meeting_and_only_from_its_own_page(
    house: House, key: OccurrenceKey
) -> None:
    told, path = Told(house), path_of(key)
    for role in (Role.VIEWER, Role.OPERATOR):
        other = house.person(f"the {role}", role)
        assert "/end" not in other.get(path).text
        assert other.get(f"{path}/end").status_code == 403
        assert other.post(f"{path}/end").status_code == 403
        assert other.post(f"{path}/go-on").status_code == 403
    boss = house.person("boss", Role.CHAIR)
    assert boss.client.post(f"{path}/end").status_code == 403, "a form of another page"
    assert boss.post(f"/floor/{key.meeting_id}/0/end").status_code == 404
    assert await told.ended() == {"ia-kly": [], "ia-o": []}


@pytest.mark.parametrize("hour", [BEGIN - 901.0, END + MAX_OVERRUN_S])
async def test_what_no_site_can_be_in_is_not_ended(
    house: House, key: OccurrenceKey, hour: float
) -> None:
    house.now = hour
    boss, path = house.person("boss", Role.CHAIR), path_of(key)
    assert "/end" not in boss.get(path).text
    assert boss.get(f"{path}/end").status_code == 303
    answer = boss.post(f"{path}/end")
    assert (answer.status_code, "không điểm cầu nào vào được" in answer.text) == (400, True)
    assert boss.post(f"{path}/go-on").status_code == 400


async def test_it_stands_over_a_restart_and_until_no_site_stays_by_itself(
    house: House, key: OccurrenceKey
) -> None:
    uid = uid_of(house, key)
    house.person("boss", Role.CHAIR).post(f"{path_of(key)}/end")
    for house.now in (BEGIN + 1900.0, END + 60.0, END + MAX_OVERRUN_S - 1.0):
        assert await Told(house).ended() == {"ia-kly": [uid], "ia-o": [uid]}, "another copy"
    told = Told(house)
    await told.ended()
    house.now = END + MAX_OVERRUN_S + 10.0
    assert await told.ended() == {"ia-kly": [], "ia-o": []}
    house.now += KEPT_S
    assert await Told(house).ended() == {}


async def test_of_a_series_one_occurrence_and_as_it_stood(house: House) -> None:
    house.communes("ia-kly")
    number = house.meeting(draft({house.place("Gia Lai")}, rule="FREQ=DAILY"))
    house.now = BEGIN + 60.0
    boss, key = house.person("boss", Role.CHAIR), OccurrenceKey(number, BEGIN)
    boss.post(f"{path_of(key)}/end")
    told = Told(house)
    (uids,) = (await told.ended()).values()
    assert len(uids) == 1
    house.now += 86400.0
    assert await Told(house).ended() == {"ia-kly": []}, "tomorrow's takes place"
    house.now -= 86400.0
    with house.database.writing() as session:
        meeting = get_meeting(session, number)
        move_occurrence(session, meeting, BEGIN, BEGIN + 7200.0, 3600.0, house.now)
    house.now = BEGIN + 7260.0
    assert await told.ended() == {"ia-kly": []}, "it was moved after that"
    boss.post(f"{path_of(key)}/end")
    assert len((await told.ended())["ia-kly"]) == 1


def test_two_chairs_press_at_once(house: House, key: OccurrenceKey) -> None:
    one = Occurrence(key.meeting_id, "u", "t", key.instance, BEGIN, END)
    for name in ("boss", "deputy"):
        with house.database.writing() as session:
            end_meeting(session, one, house.now, name)
    assert "boss đã kết thúc" in house.person("lan", Role.VIEWER).get(path_of(key)).text


def end_now(database: Database, key: OccurrenceKey) -> None:
    now = time.time()
    with database.writing() as session:
        one = Occurrence(key.meeting_id, "u", "t", key.instance, key.instance, key.instance + 5400)
        end_meeting(session, one, now - room_monitor.CLOSE_AFTER_S, "boss")


async def who_is_in(room: Room) -> set[str]:
    names = ("Xã ia-kly", "Xã ia-o", "Khách", room_monitor.NAME)
    return {name for name in names if await room.numbers(name)}


async def the_room_is_closed(house: House, room: Room, key: OccurrenceKey) -> None:
    """A site of an older release, which does not hear of it, and a guest at the room's page."""
    async with (
        running(RoomMonitor(house.database)),
        joined(room.address, "Xã ia-kly", keys_of(house, key, "ia-kly")) as kly,
        joined(room.address, "Khách") as guest,
    ):
        # Without notify_joining a Janus tells of who sends nothing only when they say something.
        await until_told("the console is in", lambda: room.numbers(room_monitor.NAME))
        await kly.hand(True)
        await guest.hand(True)

        def seen() -> bool:
            with house.database.reading() as session:
                return len(present_participations(session, key)) == 2

        await until("both are in", seen)
        assert await who_is_in(room) >= {"Xã ia-kly", "Khách"}
        end_now(house.database, key)

        async def alone() -> bool:
            return await who_is_in(room) == {room_monitor.NAME}

        await until_told("everybody else was removed", alone, else_say=lambda: str(kly.people))


async def test_a_room_of_ours_is_closed(house: House, tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        await the_room_is_closed(house, room, now_on(house, room.address, CHAIR_PIN))


async def test_a_real_janus_whose_secret_is_known_is_closed(house: House, real_janus: Room) -> None:
    await the_room_is_closed(house, real_janus, now_on(house, real_janus.address, SECRET))


async def test_a_real_janus_that_lets_us_remove_nobody_costs_nothing(
    house: House, real_janus: Room
) -> None:
    key = now_on(house, real_janus.address, "")
    async with (
        running(RoomMonitor(house.database)),
        joined(real_janus.address, "Xã ia-kly", keys_of(house, key, "ia-kly")) as kly,
    ):
        end_now(house.database, key)
        await until_told("the console is in", lambda: real_janus.numbers(room_monitor.NAME))
        await kly.hand(True)

        def hand() -> bool:
            with house.database.reading() as session:
                return any(one.hand_at for one in present_participations(session, key))

        await until("its hand is still seen", hand)
        assert await who_is_in(real_janus) == {"Xã ia-kly", room_monitor.NAME}


def test_the_console_stays_in_an_overrun_for_as_long_as_anybody_does(
    house: House, key: OccurrenceKey
) -> None:
    monitor = RoomMonitor(house.database, now=lambda: house.now)

    def watched() -> bool:
        return [one.key for one in monitor._find_meetings()] == [key]

    house.now = END + OVERRUN_S - 1.0
    assert watched()
    house.now = END + OVERRUN_S + 60.0
    assert not watched()
    with house.database.writing() as session:
        update_participations(session, key, [Participant(1, "Xã ia-o", site="ia-o")], house.now)
    assert watched()
    house.now = END + MAX_OVERRUN_S - 1.0
    assert watched()
    house.now = END + MAX_OVERRUN_S
    assert not watched()


def test_the_page_says_how_many_are_still_in(house: House, key: OccurrenceKey) -> None:
    boss, path = house.person("boss", Role.CHAIR), path_of(key)
    boss.post(f"{path}/end")
    assert "Không còn điểm cầu nào trong cuộc họp." in boss.get(path).text
    with house.database.writing() as session:
        update_participations(session, key, [Participant(1, "Xã ia-o", site="ia-o")], house.now)
    assert re.search(r"Điểm cầu chưa rời: 1\b", boss.get(path).text)
