"""Who rehearses when: by itself an hour before, at a click at once, in waves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.desired import Desired
from services.province.accounts import Role
from services.province.fleet.desired_publisher import DesiredPublisher
from services.province.fleet.rehearsals import (
    AHEAD_S,
    MAX_WAVES,
    SHOWN_S,
    WAVE_S,
    WAVE_SITES,
    Turn,
    turns,
    waves,
)
from tests.province.in_process import NOON, House, draft

BEGIN = NOON + 3600.0  # of the meeting of `draft`


def wished(house: House, test_room: str = "") -> dict[str, Turn]:
    with house.database.reading() as session:
        return turns(session, house.now, test_room=test_room)


@pytest.fixture
def invited(house: House) -> House:
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai")}))
    return house


def test_an_hour_before_all_invited_rehearse_at_the_meetings_own_address(invited: House) -> None:
    invited.now = BEGIN - AHEAD_S - 1.0
    assert wished(invited) == {}
    invited.now = BEGIN - AHEAD_S + 1.0
    found = wished(invited)
    assert {turn.at for turn in found.values()} == {BEGIN - AHEAD_S}
    assert set(found) == {"ia-kly", "ia-o"}
    assert found == wished(invited)  # whoever asks again is wished the same
    assert found["ia-o"].address == ""
    assert wished(invited, "sip:thu@mcu.example")["ia-o"].address == "sip:thu@mcu.example"
    invited.now = BEGIN
    assert wished(invited) == {}


def test_a_click_lets_them_rehearse_now_and_once_more(invited: House) -> None:
    invited.now = BEGIN - 5 * AHEAD_S
    lan = invited.person("lan", Role.OPERATOR)
    before = {turn.name for turn in wished(invited).values()}
    names = set()
    for _ in range(2):
        answer = lan.post(f"/meetings/1/occurrences/{BEGIN:.0f}/rehearse")
        assert answer.status_code == 303
        found = wished(invited)["ia-kly"]
        assert found.at == invited.now
        names.add(found.name)
        invited.now += 120.0
    assert len(names - before) == 2
    invited.now += SHOWN_S
    assert wished(invited) == {}
    assert "Tổng duyệt ngay" in lan.get("/meetings/1").text
    who = invited.person("hoa", Role.VIEWER)
    assert who.post(f"/meetings/1/occurrences/{BEGIN:.0f}/rehearse").status_code == 403
    invited.now = BEGIN
    assert lan.post(f"/meetings/1/occurrences/{BEGIN:.0f}/rehearse").status_code == 404


@given(st.integers(0, 1200))
def test_no_wave_is_larger_than_it_must_be_and_the_last_comes_in_time(many: int) -> None:
    found = waves([f"s{number:04d}" for number in range(many)], 0.0)
    assert len(found) == many
    assert all(0 <= at < MAX_WAVES * WAVE_S for at in found.values())
    for at in set(found.values()):
        assert sum(one == at for one in found.values()) <= max(WAVE_SITES, -(-many // MAX_WAVES))


async def test_each_site_is_told_its_turn_once(invited: House) -> None:
    invited.now = BEGIN - AHEAD_S + 5.0
    told: list[tuple[str, Desired]] = []

    async def publish(site: str, desired: Desired) -> None:
        told.append((site, Desired.parse(desired.payload)))

    publisher = DesiredPublisher(invited.database, tuple, publish, now=lambda: invited.now)
    for _ in range(3):
        await publisher.publish_changes()
        invited.now += 30.0
    assert sorted(site for site, _ in told) == ["ia-kly", "ia-o"]
    for _, desired in told:
        assert desired.rehearsal
        assert desired.rehearsal_at == BEGIN - AHEAD_S
        assert desired.rehearsal_meeting
    invited.now = BEGIN + 1.0
    await publisher.publish_changes()
    assert [desired.rehearsal for _, desired in told[2:]] == ["", ""]
