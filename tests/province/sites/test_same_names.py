"""Names that differ in their letters' case alone are one name, on both databases.

SQLite's own ``lower`` knows A to Z: "CHƯ PRÔNG" of a second sheet became another district, and a
group's name a second time ended in an error of the database.
"""

import pytest

from services.province.errors import WrongInputError
from services.province.sites import groups
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.province.storage.tables import Place

KLY = ["Gia Lai", "Chư Prông", "Xã Đắk Ơ"]


def test_a_sheet_in_capital_letters_finds_the_same_places(database: Database) -> None:
    with database.writing() as session:
        first = place_at(session, KLY).id
        assert place_at(session, [name.upper() for name in KLY]).id == first
        assert place_at(session, [f"  {name.lower()} " for name in KLY]).id == first
        assert place_at(session, KLY[1:]).id != first
        assert {place.name for place in session.query(Place)} == set(KLY)


@pytest.mark.parametrize("again", ["Đội A", "ĐỘI A", "đội  a"])
def test_a_group_of_the_same_name_is_refused_by_its_name(database: Database, again: str) -> None:
    with database.writing() as session:
        add_site(session, "dak-o", "Xã Đắk Ơ", place_at(session, KLY), 1.0)
        first = groups.create(session, "Đội A", ["dak-o"])
        with pytest.raises(WrongInputError, match="There is a group") as refused:
            groups.create(session, again, ["dak-o"])
        assert refused.value.field == "name"
        groups.change(session, first, again, ["dak-o"], 2.0)  # its own name is free for itself
        assert [one.name for one in groups.listed(session)] == [" ".join(again.split())]
