"""The tree of places: paths, depths, who is below whom, and names that are refused."""

import pytest

from services.province.errors import NotFoundError, WrongInputError
from services.province.sites.tree import (
    MAX_DEPTH,
    Tree,
    add_site,
    ancestors,
    get_site,
    place_at,
)
from services.province.storage.database import Database
from services.province.storage.tables import Place

KLY = ["Gia Lai", "Chư Prông", "Xã Ia Kly"]


def grow(database: Database, **sites: list[str]) -> Tree:
    """A tree with these sites, each at its path."""
    with database.writing() as session:
        for number, path in sites.items():
            add_site(session, number, f"Điểm {number}", place_at(session, path), 1.0)
        return Tree.load(session)


def test_a_path_is_made_once_whatever_its_case_and_spaces(database: Database) -> None:
    with database.writing() as session:
        first = place_at(session, KLY).id
        assert place_at(session, ["GIA LAI ", "", " CHƯ  PRÔNG", "xã Ia Kly"]).id == first
        other = place_at(session, ["Gia Lai", "Ia Grai", "Xã Ia Kly"]).id
        assert other != first  # the same name in another district is another place
        assert session.query(Place).count() == 5
        tree = Tree.load(session)
    assert tree.path(first) == tuple(KLY)
    assert tree.path(other) == ("Gia Lai", "Ia Grai", "Xã Ia Kly")


def test_ancestors_go_from_a_place_up_to_its_root(database: Database) -> None:
    with database.writing() as session:
        chain = [place_at(session, KLY[:depth]).id for depth in (3, 2, 1)]
        place_at(session, ["Đắk Lắk"])
        assert ancestors(session, chain[0]) == chain
        assert ancestors(session, chain[2]) == chain[2:]
        assert ancestors(session, 999) == []


def test_who_is_below_is_reached_at_any_depth_and_nobody_beside(database: Database) -> None:
    tree = grow(
        database, top=["Gia Lai"], kly=KLY, grai=["Gia Lai", "Ia Grai"], far=["Đắk Lắk", "Ea Kar"]
    )
    roots = {branch.name: branch.id for branch in tree.children(None)}
    assert sorted(roots) == ["Gia Lai", "Đắk Lắk"]
    below = tree.sites_below(roots["Gia Lai"])
    assert below[0] == "top"  # a branch's own sites come first
    assert set(below) == {"top", "kly", "grai"}
    assert tree.sites_of(roots["Gia Lai"]) == ["top"]
    assert tree.sites_below(tree.sites["kly"].place_id) == ["kly"]


def test_a_branch_is_named_by_its_depth_or_the_deepest_there_is(database: Database) -> None:
    tree = grow(database, kly=KLY, top=["Gia Lai"])
    assert [tree.branch_of("kly", depth).name for depth in (0, 1, 2, 9)] == [*KLY, KLY[-1]]
    assert tree.branch_of("top", 1).name == "Gia Lai"


def test_every_place_is_listed_once_right_after_its_stem(database: Database) -> None:
    tree = grow(database, a=KLY, b=["Gia Lai", "An Khê"], c=["Bình Định"])
    listed = [(depth, branch.name) for depth, branch in tree.listed()]
    assert listed == [
        (0, "Bình Định"), (0, "Gia Lai"), (1, "An Khê"), (1, "Chư Prông"), (2, "Xã Ia Kly"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", [[], [" "], ["x"] * (MAX_DEPTH + 1), ["x" * 61], ["a\x07b"]])
def test_a_path_that_is_none_is_refused_and_makes_no_place(
    database: Database, path: list[str]
) -> None:
    with database.writing() as session:
        with pytest.raises(WrongInputError) as refused:
            place_at(session, path)
        assert refused.value.field == "place"
        assert session.query(Place).count() == 0


def test_the_deepest_path_is_taken_whole(database: Database) -> None:
    names = [f"Cấp {number}" for number in range(MAX_DEPTH)]
    tree = grow(database, deep=names)
    assert tree.path(tree.sites["deep"].place_id) == tuple(names)
    with database.reading() as session:
        assert len(ancestors(session, tree.sites["deep"].place_id)) == MAX_DEPTH


@pytest.mark.parametrize("id_", ["", "-kly", "Kly", "ia_kly", "x" * 64, "kly\n", "ia kly"])
def test_what_is_no_site_id_is_refused_by_that_field(database: Database, id_: str) -> None:
    with database.writing() as session, pytest.raises(WrongInputError) as refused:
        add_site(session, id_, "Xã Ia Kly", place_at(session, KLY), 1.0)
    assert refused.value.field == "id"


def test_each_site_has_a_token_of_its_own_and_an_id_that_is_free(database: Database) -> None:
    grow(database, a=KLY, b=KLY)
    with database.writing() as session:
        first, second = get_site(session, "a"), get_site(session, "b")
        assert first.feed_token != second.feed_token
        assert len(first.feed_token) >= 32
        with pytest.raises(WrongInputError, match="There is a site a already"):
            add_site(session, "a", "Xã", place_at(session, KLY), 2.0)
        with pytest.raises(NotFoundError, match="“c”"):
            get_site(session, "c")
        longest = "x" * 63
        assert add_site(session, longest, "Xã", place_at(session, KLY), 2.0).id == longest
