"""One floor: the console, the room's page and a site know the same, given and taken at either."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from appliance.dialers.janus.display import Display
from appliance.dialers.janus.people import Trust
from appliance.wire.address import Address
from services.province.accounts import Role
from services.province.floor.room import Room, RoomIdentity
from services.province.floor.room_monitor import RoomMonitor
from tests.e2e.browser import chromium, join
from tests.process.room import CHAIR_PIN, a_room
from tests.process.room import Room as RoomProcess
from tests.process.waiting import PATIENCE_S, until, until_told
from tests.province.floor.monitored import floor, keys_of, now_on, running
from tests.province.floor.room_participant import joined
from tests.province.in_process import House

pytestmark = pytest.mark.timeout(400)
LONG = PATIENCE_S * 1000
SITE = "Xã ia-kly"


async def test_console_room_page_and_site_see_one_floor(house: House, tmp_path: Path) -> None:
    async with a_room(tmp_path) as room, chromium(tmp_path) as browser:
        key = now_on(house, room.address, CHAIR_PIN)
        boss, path = house.person("boss", Role.CHAIR), f"/floor/{key.meeting_id}/{key.instance:.0f}"
        async with (
            running(RoomMonitor(house.database)),
            joined(room.address, SITE, keys_of(house, key, "ia-kly")) as site,
        ):
            page = await join(browser, room.page(chair="1", name="Chủ tọa"), chair_pin=CHAIR_PIN)
            hand = page.locator("#hands li", has_text=SITE)

            async def same(given: bool) -> None:
                await until("the site knows", lambda: site.given is given)
                wanted = SITE if given else ""
                await until("the console knows", lambda: floor(house.database).wanted == wanted)
                await until("and shows it", lambda: floor(house.database).shown == wanted)
                await _page_has(page, given)

            await site.hand(True)
            await hand.get_by_role("button").click()  # given at the room's page
            await same(given=True)
            assert boss.post(path, number="").status_code == 303  # taken at the console
            await same(given=False)
            number = await _number(room)
            assert boss.post(path, number=number).status_code == 303  # given at the console
            await same(given=True)
            await page.locator("#take-floor").click()  # taken at the room's page
            await same(given=False)
            await hand.get_by_role("button").click()
            await same(given=True)
            await site.return_floor()  # given back at the site
            await same(given=False)
            await expect(page.locator("#returned")).to_contain_text(f"{SITE} đã phát biểu xong")
            assert f"{SITE} đã phát biểu xong, trả lại lượt" in boss.get(path).text


async def _page_has(page: Page, given: bool) -> None:
    taking = page.locator("#take-floor")
    await (expect(taking).to_be_enabled if given else expect(taking).to_be_disabled)(timeout=LONG)


async def _number(room: RoomProcess) -> int:
    (number,) = await until_told("the site's number", lambda: room.numbers(SITE))
    return number


def test_words_that_crossed_end_in_the_consoles() -> None:
    """The room's page follows the console always, the console the page where it had followed."""
    room = Room(Address.parse("janus+ws://127.0.0.1:1/janus?room=1"), RoomIdentity("c"), None)
    room._people.trust = Trust(checks_chair=True)
    room._people.take({"videoroom": "joined", "id": 1, "room": 1})

    def chair(given: int | None) -> list[int | None]:
        display = str(Display("Chủ tọa", chair=True, floor=given))
        room._people.take({"videoroom": "event", "id": 7, "display": display})
        return room.floors_given_there()

    assert chair(None) == []
    assert chair(5) == [5]
    room.shown = (5, None)  # we followed
    assert chair(5) == []
    room.shown = (6, None)  # our own, given at the console
    assert chair(8) == [], "said before ours was seen there"
    assert chair(6) == []
    assert chair(None) == [None]
    room.shown = (None, None)
    signed = str(Display("c", chair=True, floor=9, signature="s"))
    room._people.take({"videoroom": "event", "id": 8, "display": signed})
    assert room.floors_given_there() == [], "another copy of the console, or another meeting's"
