"""The floor through a real room: who is in, hands in their order, the floor given and taken."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from services.province.accounts import Role
from services.province.floor import room_monitor as keeping
from services.province.floor.attendance import attendance
from services.province.floor.participants import (
    LEASE_S,
    Choice,
    OccurrenceKey,
    Participant,
    acquire_lease,
    all_participations,
    end_participations,
    floor_of,
    give_floor,
    present_participations,
    release_lease,
    update_participations,
)
from services.province.floor.room_monitor import RoomMonitor
from services.province.storage.database import Database
from tests.peers.janus import SECRET
from tests.process.room import CHAIR_PIN, Room, a_room
from tests.process.waiting import until, until_told
from tests.province.floor.monitored import floor, keys_of, now_on, running
from tests.province.floor.room_participant import RoomParticipant, joined
from tests.province.in_process import NOON, House, draft

KLY, IA_O = Participant(1, "Xã ia-kly", site="ia-kly"), Participant(2, "Xã ia-o", site="ia-o")
NAMES = {"ia-kly": "Xã ia-kly", "ia-o": "Xã ia-o"}

pytestmark = pytest.mark.timeout(300)
TAKEOVER_S = 120.0
"""The lease of ten seconds, and a room to go into on a machine with much else to do."""


@pytest.fixture
def key(house: House) -> OccurrenceKey:
    """A meeting of two communes, now by the house's clock."""
    house.communes("ia-kly", "ia-o")
    house.now = NOON + 3600.0
    return OccurrenceKey(house.meeting(draft({house.place("Gia Lai")})), NOON + 3600.0)


def see(house: House, key: OccurrenceKey, *people: Participant) -> None:
    with house.database.writing() as session:
        update_participations(session, key, people, house.now)


def hands(house: House, key: OccurrenceKey) -> list[str]:
    with house.database.reading() as session:
        up = [stay for stay in present_participations(session, key) if stay.hand_at is not None]
    return [stay.name for stay in sorted(up, key=lambda stay: stay.hand_at or 0.0)]


def test_hands_stand_in_the_order_in_which_they_rose(house: House, key: OccurrenceKey) -> None:
    see(house, key, KLY, IA_O)
    house.now += 1
    see(house, key, KLY, replace(IA_O, hand=True))
    house.now += 1
    see(house, key, replace(KLY, hand=True), replace(IA_O, hand=True))
    assert hands(house, key) == ["Xã ia-o", "Xã ia-kly"]
    house.now += 1
    see(house, key, replace(KLY, hand=True), IA_O)
    house.now += 1
    see(house, key, replace(KLY, hand=True), replace(IA_O, hand=True))
    assert hands(house, key) == ["Xã ia-kly", "Xã ia-o"]


def test_one_copy_keeps_the_room_until_it_is_dead(house: House, key: OccurrenceKey) -> None:
    def take(copy: str) -> bool:
        with house.database.writing() as session:
            return acquire_lease(session, key, copy, house.now)

    assert take("a")
    assert not take("b")
    house.now += LEASE_S - 1
    assert take("a")
    house.now += LEASE_S - 1
    assert not take("b")
    house.now += 2
    assert take("b")
    assert not take("a")
    with house.database.writing() as session:
        release_lease(session, key, "a")  # not its own any more
    assert not take("a")
    with house.database.writing() as session:
        release_lease(session, key, "b")
    house.now += 0.1
    assert take("a")


def test_attendance_counts_minutes_outages_and_hands(house: House, key: OccurrenceKey) -> None:
    begin = house.now
    see(house, key, KLY, Participant(9, "=HYPERLINK(1)"))
    house.now = begin + 600
    see(house, key, replace(KLY, hand=True), Participant(9, "=HYPERLINK(1)"))
    house.now = begin + 1200
    see(house, key, Participant(9, "=HYPERLINK(1)"))  # the cable is out
    house.now = begin + 1500
    see(house, key, replace(KLY, number=3), Participant(9, "=HYPERLINK(1)"))
    house.now = begin + 5400
    with house.database.writing() as session:
        end_participations(session, key, house.now)
        lines = attendance(all_participations(session, key), NAMES, begin + 5400.0, house.now)
    kly, o, guest = lines
    assert (kly.site, kly.present_s, kly.outages, kly.hands) == ("ia-kly", 5100.0, 1, 1)
    assert (kly.came_at, kly.left_at) == (begin, begin + 5400)
    assert (o.site, o.came_at, o.present_s) == ("ia-o", None, 0.0)
    assert (guest.name, guest.site) == ("=HYPERLINK(1)", "")

    lan = house.person("lan", Role.VIEWER)
    path = f"/floor/{key.meeting_id}/{key.instance:.0f}/attendance"
    assert "vắng" in lan.get(path).text
    answer = lan.get(f"{path}.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows())
    assert [cell.value for cell in rows[2]][:2] == ["Tên", "Mã điểm cầu"]
    assert [cell.value for cell in rows[3]] == [
        "Xã ia-kly", "ia-kly", "12:40:00 12/03/2026", "14:10:00 12/03/2026", 85, 1, 1, None,
    ]  # fmt: skip
    assert (rows[5][0].value, rows[5][0].data_type) == ("=HYPERLINK(1)", "s")


def test_the_chairs_page_shows_who_is_missing_and_gives_the_floor(
    house: House, key: OccurrenceKey
) -> None:
    see(house, key, replace(KLY, hand=True))
    boss, lan = house.person("boss", Role.CHAIR), house.person("lan", Role.OPERATOR)
    path = f"/floor/{key.meeting_id}/{key.instance:.0f}"
    page = boss.get(path).text
    assert "1/2 điểm cầu đã vào" in page
    assert "Xã ia-o" in page.split('id="missing"')[1]
    assert "Mời phát biểu" in page
    assert "<button>Mời phát biểu" not in lan.get(path).text
    assert lan.post(path, number=1).status_code == 403
    assert boss.post(path, number=1).status_code == 303
    assert "đang báo" in boss.get(path).text
    assert boss.post(path, number=2, name="Xã ia-o").status_code == 400  # not in
    assert boss.post(path, number="", name="").status_code == 303
    assert "Chưa ai được mời phát biểu" in boss.get(path).text
    assert boss.get(f"/floor/{key.meeting_id}/0").status_code == 404
    assert boss.get("/floor/999/0").status_code == 404


def want(database: Database, key: OccurrenceKey, site: str) -> None:
    """Give the floor to a site that is in; "" takes it back."""
    with database.writing() as session:
        people = present_participations(session, key)
        choices = [Choice(p.number, site, p.name) for p in people if p.site_id == site]
        give_floor(floor_of(session, key), choices[-1] if site else Choice())


async def until_hands(house: House, key: OccurrenceKey, expected: list[str]) -> None:
    await until(f"hands {expected}", lambda: hands(house, key) == expected,
                else_say=lambda: hands(house, key))  # fmt: skip


async def the_floor_goes_round(
    house: House, key: OccurrenceKey, kly: RoomParticipant, o: RoomParticipant
) -> None:
    """Two hands, the floor to the second, back, to the first, who then leaves."""
    await kly.hand(True)
    await until_hands(house, key, ["Xã ia-kly"])
    await o.hand(True)
    await until_hands(house, key, ["Xã ia-kly", "Xã ia-o"])
    want(house.database, key, "ia-o")
    await until("ia-o has the floor", lambda: o.given)
    await until("confirmed", lambda: floor(house.database).shown == "Xã ia-o")
    assert not kly.given
    want(house.database, key, "")
    await until("nobody has the floor", lambda: not o.given)
    want(house.database, key, "ia-kly")
    await until("ia-kly has the floor", lambda: kly.given)
    # N3: a site that gave the floor back had it on every screen until the chair took it.
    await kly.return_floor()
    await until("nobody has the floor", lambda: not kly.given)
    assert floor(house.database).wanted == ""
    assert floor(house.database).returned_by == "Xã ia-kly"
    await kly.hand(False)
    want(house.database, key, "ia-kly")
    await until("ia-kly has it again", lambda: kly.given)
    assert floor(house.database).returned_by is None, "that was the time before"
    await until_hands(house, key, ["Xã ia-o"])


async def test_hands_and_floor_through_the_embedded_room(house: House, tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        key = now_on(house, room.address, CHAIR_PIN)
        async with running(RoomMonitor(house.database)):
            async with (
                joined(room.address, "Xã ia-kly", keys_of(house, key, "ia-kly")) as kly,
                joined(room.address, "Xã ia-o", keys_of(house, key, "ia-o")) as o,
            ):
                await the_floor_goes_round(house, key, kly, o)

            def gone() -> bool:
                with house.database.reading() as session:
                    return not present_participations(session, key)

            await until("both have left", gone)
            # Who left keeps the floor for when it is back; the room shows nobody meanwhile. That is
            # told to the room after the leaving was written down.
            await until("nobody is shown", lambda: floor(house.database).shown == "")
        assert floor(house.database).wanted == "Xã ia-kly"


async def test_hands_and_floor_through_a_real_janus(house: House, real_janus: Room) -> None:
    key = now_on(house, real_janus.address, SECRET)
    async with (
        running(RoomMonitor(house.database)),
        joined(real_janus.address, "Xã ia-kly", keys_of(house, key, "ia-kly")) as kly,
        joined(real_janus.address, "Xã ia-o", keys_of(house, key, "ia-o")) as o,
    ):
        # Without notify_joining this room names only those who send something to who comes in.
        await until_told("the console is in", lambda: keepers(real_janus))
        await the_floor_goes_round(house, key, kly, o)


async def test_a_wrong_pin_of_the_chair_is_told(house: House, tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        now_on(house, room.address, "wrong")
        async with running(RoomMonitor(house.database)):
            await until("the page says why", lambda: "Unauthorized" in problem(house))


def problem(house: House) -> str:
    with contextlib.suppress(Exception):
        return floor(house.database).problem
    return ""


async def test_when_one_copy_dies_the_other_keeps_the_room(house: House, tmp_path: Path) -> None:
    async with a_room(tmp_path) as room:
        key = now_on(house, room.address, CHAIR_PIN)
        first, second = RoomMonitor(house.database), RoomMonitor(house.database)
        async with (
            joined(room.address, "Xã ia-kly", keys_of(house, key, "ia-kly")) as kly,
            joined(room.address, "Xã ia-o", keys_of(house, key, "ia-o")) as o,
            running(first, second) as tasks,
        ):
            await kly.hand(True)
            await until_hands(house, key, ["Xã ia-kly"])
            want(house.database, key, "ia-kly")
            await until("ia-kly has the floor", lambda: kly.given)
            await until_told("one copy is in", lambda: _one_keeper(room))
            holder = floor(house.database).lease_holder
            dying = first if first._copy == holder else second
            # As a dead process: its lease is not given back, its socket is.
            dying._release_leases = lambda keys: None  # type: ignore[method-assign]
            tasks[0 if dying is first else 1].cancel()
            await until(
                "another is in",
                lambda: floor(house.database).lease_holder not in (holder, ""),
                within=TAKEOVER_S,
            )
            await until("ia-kly has the floor again", lambda: kly.given, within=TAKEOVER_S)
            await o.hand(True)
            await until_hands(house, key, ["Xã ia-kly", "Xã ia-o"])


async def keepers(room: Room) -> list[int]:
    return await room.numbers(keeping.NAME)


async def _one_keeper(room: Room) -> bool:
    return len(await keepers(room)) == 1
