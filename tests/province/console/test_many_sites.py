"""What thousands of sites would make slow: the first page asks the same few questions of all."""

from services.province.accounts import Role
from services.province.fleet.overview import overview
from services.province.fleet.readiness import State
from tests.province.in_process import NOON, House, draft
from tests.province.statements import statements

ALARM = {"key": "hot", "severity": 2, "text": {"vi": "Nóng", "en": "Hot"}, "since": NOON}


def filled(house: House, sites: list[str]) -> None:
    house.communes(*sites)
    house.meeting(draft({house.place("Gia Lai")}))
    house.tested(*sites)
    for site in sites:
        house.reports(site, 1, "presence", online=True)
        house.reports(site, 2, figures={"soc_c": 51.0}, alarms=[ALARM] if site == "s0" else [])


def test_the_first_page_asks_as_often_for_forty_sites_as_for_two(house: House) -> None:
    asked = []
    for sites in (["s0", "s1"], [f"t{number}" for number in range(38)]):
        filled(house, sites)
        with statements(house.database) as counted, house.database.reading() as session:
            seen = overview(session, NOON)
        assert seen.counts[State.HELP] == 1
        asked.append([one for one in counted if "FROM" in one])
    assert sum(seen.counts.values()) == 40
    assert len(asked[0]) == len(asked[1])


def test_alarms_are_read_as_they_are_now_and_in_their_own_words(house: House) -> None:
    """The page reads a text of the database no second time: another text is another alarm."""
    filled(house, ["s0", "s1"])
    lan = house.person("lan", Role.VIEWER)
    page = lan.get("/").text
    assert "Nóng" in page
    assert 'href="/sites/s0"' in page
    house.reports("s0", 3, alarms=[])
    house.reports("s1", 3, alarms=[ALARM | {"text": {"vi": "Nóng {quá}", "en": "Hot"}}])
    page = lan.get("/").text
    assert "Nóng {quá}" in page
    assert 'href="/sites/s0"' not in page
    house.reports("s1", 4)  # an older release names no alarms
    assert "Nóng" not in lan.get("/").text
