"""In a room anybody may bear any name and copy any display: who is who all the same."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from services.province.accounts import Role
from services.province.floor.participants import OccurrenceKey, present_participations
from services.province.floor.room_monitor import NAME, RoomMonitor
from tests.peers.janus import SECRET
from tests.process.room import CHAIR_PIN, Room, a_room
from tests.process.waiting import until, until_told
from tests.province.floor.monitored import floor, keys_of, now_on, running
from tests.province.floor.room_participant import RoomParticipant, joined
from tests.province.in_process import House, Person

pytestmark = [pytest.mark.timeout(300), pytest.mark.case("U5")]
COMMUNE = "Xã ia-kly"
NOT_PROVED = "chưa xác thực là điểm cầu này"


def me_of(one: RoomParticipant) -> int:
    assert isinstance(one.people.me, int)
    return one.people.me


class Watched:
    """A meeting of two communes that the console watches in a room."""

    def __init__(self, house: House, room: Room, pin: str) -> None:
        self.house, self.address = house, room.address
        house.now = time.time()
        self.key: OccurrenceKey = now_on(house, room.address, pin)
        self.path = f"/floor/{self.key.meeting_id}/{self.key.instance:.0f}"

    def enter(
        self, name: str = COMMUNE, site: str = "", display: str = "", as_id: int | None = None
    ) -> AbstractAsyncContextManager[RoomParticipant]:
        """Somebody joins; with `site` as that site, by the keys of its feed."""
        keys = keys_of(self.house, self.key, site) if site else None
        return joined(self.address, name, keys, display=display, as_id=as_id)

    def who(self) -> dict[int, str]:
        """The site that each participant is for the console, by number; "" for a guest."""
        with self.house.database.reading() as session:
            rows = present_participations(session, self.key)
            return {row.number: row.site_id or "" for row in rows}

    async def until_known(self, one: RoomParticipant, site: str) -> None:
        """Until the console has written down that participant as that site, or as a guest."""
        await until(f"known as {site!r}", lambda: self.who().get(me_of(one)) == site,
                    else_say=self.who)  # fmt: skip

    def boss(self) -> Person:
        return self.house.person("boss", Role.CHAIR)


@asynccontextmanager
async def watched(house: House, room: Room, pin: str) -> AsyncIterator[Watched]:
    one = Watched(house, room, pin)
    async with running(RoomMonitor(house.database)):
        # Without notify_joining a Janus names only those who send something to who comes in.
        await until_told("the console is in", lambda: room.numbers(NAME))
        yield one


@pytest_asyncio.fixture
async def embedded(house: House, tmp_path: Path) -> AsyncIterator[Watched]:
    async with a_room(tmp_path) as room, watched(house, room, CHAIR_PIN) as one:
        yield one


@pytest_asyncio.fixture
async def in_janus(house: House, real_janus: Room) -> AsyncIterator[Watched]:
    async with watched(house, real_janus, SECRET) as one:
        yield one


async def stays(true: Callable[[], bool], seconds: float = 1.5) -> None:
    """It is so, and stays so: three times as long as the console takes to look again."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        assert true()
        await asyncio.sleep(0.05)


async def a_copy_is_a_guest(meeting: Watched) -> None:
    """A site is in; then come a guest with its name, and one with its whole display."""
    async with (
        meeting.enter(site="ia-kly") as site,
        meeting.enter() as namesake,
        meeting.enter() as copy,
    ):
        await meeting.until_known(site, "ia-kly")
        await copy.show(f'{{"name":"{COMMUNE}","hand":true,"mic":false,"proof":"{site.proof}"}}')
        await copy.hand(True)
        await namesake.hand(True)
        await meeting.until_known(namesake, "")
        await meeting.until_known(copy, "")

        boss = meeting.boss()
        await until("both hands", lambda: boss.get(meeting.path).text.count(NOT_PROVED) == 4)
        page = boss.get(meeting.path).text
        assert "1/2 điểm cầu đã vào" in page

        # Three of one name: the floor goes to the one that was meant, and to no other.
        assert boss.post(meeting.path, number=namesake.people.me).status_code == 303
        await until("shown", lambda: floor(meeting.house.database).shown == COMMUNE)
        assert boss.post(meeting.path, number=site.people.me).status_code == 303
        await until("the site has the floor", lambda: site.given)

        meeting.house.now = time.time()
        sheet = boss.get(f"{meeting.path}/attendance").text
        assert sheet.count("khách mang tên điểm cầu") == 2, "a line for each"
        lines = sheet.split("<tr>")
        assert len([line for line in lines if f"<td>{COMMUNE}</td><td>ia-kly</td>" in line]) == 1


async def test_a_guest_under_a_communes_name_is_a_guest_in_the_embedded_room(
    embedded: Watched,
) -> None:
    await a_copy_is_a_guest(embedded)


async def test_a_guest_under_a_communes_name_is_a_guest_in_a_real_janus(in_janus: Watched) -> None:
    await a_copy_is_a_guest(in_janus)


async def test_the_chairs_page_says_that_pins_are_tried(embedded: Watched) -> None:
    boss = embedded.boss()
    async with embedded.enter("người lạ") as stranger:
        codes = [await stranger.kick(secret=f"{number:04}") for number in range(8)]
        assert codes == [433] * 5 + [490] * 3
    words = "5 lần nhập sai mã PIN"
    await until("the page says so", lambda: words in boss.get(embedded.path).text)


async def test_who_takes_a_sites_id_after_it_left_is_a_guest(in_janus: Watched) -> None:
    async with in_janus.enter(site="ia-kly") as site:
        await in_janus.until_known(site, "ia-kly")
        number, proof = me_of(site), site.proof
    await until("it has left", lambda: number not in in_janus.who())
    display = f'{{"name":"{COMMUNE}","hand":true,"mic":false,"proof":"{proof}"}}'
    async with in_janus.enter(display=display, as_id=number) as thief:
        assert thief.people.me == number
        await thief.show(display)
        await in_janus.until_known(thief, "")


async def test_a_site_keeps_the_floor_when_it_comes_back(in_janus: Watched) -> None:
    boss = in_janus.boss()
    async with in_janus.enter(site="ia-kly") as site:
        await in_janus.until_known(site, "ia-kly")
        boss.post(in_janus.path, number=site.people.me)
        await until("it has the floor", lambda: site.given)
    async with (
        in_janus.enter() as namesake,
        in_janus.enter(site="ia-kly") as back,
    ):
        await until("it has the floor again", lambda: back.given)
        await namesake.hand(True)
        await stays(lambda: back.given and not namesake.given)


async def test_sites_follow_nobody_but_the_console_in_a_real_janus(in_janus: Watched) -> None:
    async with in_janus.enter(site="ia-kly") as site:
        await in_janus.until_known(site, "ia-kly")
        await until("it knows the console", lambda: site.people.console is not None)
        console = site.people.console
        assert console is not None
        shown = str(console.display)
        me = site.people.me
        async with in_janus.enter("Chủ trì") as false:
            for display in (
                f'{{"name":"{NAME}","chair":true,"floor":{me}}}',
                shown,
                shown.replace('"floor":null', f'"floor":{me}'),
                f'{{"name":"x","chair":true,"floor":{me},"leads":{me},"at":1e12,"signature":"AA"}}',
            ):
                await false.show(display)
                await until("it was heard", lambda: len(site.people.persons) > 1)
                await stays(lambda: not site.given and site.people.chair is console, 0.3)
            # The console's own word goes through meanwhile.
            in_janus.boss().post(in_janus.path, number=me)
            await until("it has the floor", lambda: site.given)


@pytest.mark.case("C16")
async def test_where_ids_are_texts_all_holds_as_well(house: House, janus_of_texts: Room) -> None:
    meeting = Watched(house, janus_of_texts, SECRET)
    boss, keys = meeting.boss(), keys_of(house, meeting.key, "ia-kly")
    async with (
        running(RoomMonitor(house.database)),
        joined(meeting.address, COMMUNE, texts=True) as namesake,
        joined(meeting.address, COMMUNE, keys, texts=True) as site,
    ):
        # What they show again is heard once the console is in.
        def known() -> list[tuple[int, str]]:
            return sorted(meeting.who().items(), key=lambda one: one[1])

        async def shown() -> bool:
            await namesake.hand(True)
            await site.hand(True)
            return [name for _, name in known()] == ["", "ia-kly"]

        await until_told("both are known", shown, else_say=known)
        assert isinstance(site.people.me, str)
        assert boss.post(meeting.path, number=known()[1][0]).status_code == 303
        await until("the site has the floor", lambda: site.given)
        assert not namesake.given


async def test_the_person_in_the_chair_is_whom_the_console_names(in_janus: Watched) -> None:
    boss = in_janus.boss()
    async with (
        in_janus.enter(site="ia-kly") as site,
        in_janus.enter("Chủ tịch", display='{"name":"Chủ tịch","chair":true}') as person,
    ):
        await person.show('{"name":"Chủ tịch","chair":true,"floor":null}')
        await in_janus.until_known(person, "")

        def chair() -> object:
            return site.people.chair.number if site.people.chair is not None else 0

        await until("the console", lambda: site.people.console is not None)
        assert chair() != person.people.me
        path = f"{in_janus.path}/leader"
        assert boss.post(path, number=person.people.me).status_code == 303
        await until("the person is seen by all", lambda: chair() == person.people.me)
        assert '<span class="mark ready">chủ trì' in boss.get(in_janus.path).text
        assert boss.post(path, number="").status_code == 303
        await until("nobody is", lambda: chair() != person.people.me)
