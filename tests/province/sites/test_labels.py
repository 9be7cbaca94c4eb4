"""Labels of a whole province: one for each site, by branch, in the order of the tree."""

import re

import pytest

from services.province.accounts import Role
from services.province.sites.labels import PER_SHEET
from tests.province.in_process import House, Person


@pytest.fixture
def lan(house: House) -> Person:
    house.communes(*(f"xa-{number:02}" for number in range(PER_SHEET + 1)))
    return house.person("lan", Role.OPERATOR)


def shown(page: str) -> list[str]:
    return re.findall(r'<li class="label"><b>([^<]+)</b>', page)


def test_each_site_has_one_on_sheets_of_eight(house: House, lan: Person) -> None:
    page = lan.get("/labels").text
    assert shown(page) == [f"Xã xa-{number:02}" for number in range(PER_SHEET + 1)]
    assert page.count('<ul class="sheet">') == 2
    assert page.count('<img src="data:image/svg+xml') == PER_SHEET + 1


def test_a_branch_alone(house: House, lan: Person) -> None:
    place = house.place("Gia Lai", "Xã xa-03")
    assert shown(lan.get(f"/labels?place={place}").text) == ["Xã xa-03"]
    assert len(shown(lan.get(f"/labels?place={house.place('Gia Lai')}").text)) == PER_SHEET + 1
    for wrong in ("999", "x", "-1", "1 OR 1=1"):
        assert lan.get(f"/labels?place={wrong}").status_code == 404


def test_a_name_is_text_on_it(house: House, lan: Person) -> None:
    assert lan.post("/sites", id="x", name="<b>Xã & Y", place="Gia Lai / Z").status_code == 303
    assert "&lt;b&gt;Xã &amp; Y" in lan.get("/labels").text
