"""Days, hours and lengths as people write them in a sheet of meetings; names that are ambiguous."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from services.province.importing.imported import MAX_TOLD, Imported
from services.province.importing.meetings_sheet import COLUMNS, import_meetings
from services.province.importing.sites_sheet import import_sites
from services.province.schedule.meetings import Guests
from services.province.sites import groups
from services.province.sites.tree import place_at
from services.province.storage.tables import Invitation, Meeting, Site
from tests.province.importing.uploads import csv, sheet
from tests.province.in_process import NOON, House

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HEADS = ["Tên", "Ngày", "Từ", "Đến", "Số phút", "Thành phần"]
MIDNIGHT = 1_773_248_400.0  # Thursday, 12 March 2026, 0:00 at Ia Kly


def take(
    house: House, *rows: Sequence[object], binary: bool = False
) -> tuple[Imported, list[Meeting]]:
    """What came of the sheet, and the meetings there are then."""
    content = sheet(HEADS, *rows) if binary else csv(HEADS, *[[str(c) for c in r] for r in rows])
    with house.database.writing() as session:
        usual = Guests(frozenset({place_at(session, ["Gia Lai"]).id}))
        done = import_meetings(session, content, usual, ZONE, NOON)
        return done, list(session.query(Meeting).order_by(Meeting.begin))


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("12/03/2026", "14:00"), ("12-3-2026", "14h"), ("12.03.2026", "14h00"),
        ("2026-03-12", "14 g 00"), ("2026-03-12 00:00:00", "14"), ("12/3/2026", "14.00"),
    ],
)  # fmt: skip
def test_a_day_and_an_hour_in_each_writing(house: House, day: str, hour: str) -> None:
    done, (meeting,) = take(house, ["Họp", day, hour, "", "", ""])
    assert done.problems == []
    assert (meeting.begin, meeting.length_s) == (MIDNIGHT + 14 * 3600.0, 5400.0)


def test_the_numbers_of_excel_are_days_and_parts_of_a_day(house: House) -> None:
    _, (meeting,) = take(house, ["Họp", 46093, 0.35416666, 0.375, None, None], binary=True)
    assert (meeting.begin, meeting.length_s) == (MIDNIGHT + 8.5 * 3600.0, 1800.0)


@pytest.mark.parametrize(
    ("begin", "end", "minutes", "length_min"),
    [
        ("14:00", "15h30", "", 90), ("23:00", "00:30", "", 90), ("14:00", "", "45", 45),
        ("14:00", "15:30", "45", 45), ("8:00", "", "", 90),
    ],
)  # fmt: skip
def test_how_long_it_lasts(
    house: House, begin: str, end: str, minutes: str, length_min: float
) -> None:
    """An end before the begin is the next day's; minutes that are told win."""
    _, (meeting,) = take(house, ["Họp", "12/3/2026", begin, end, minutes, ""])
    assert meeting.length_s == length_min * 60.0


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (["Họp", "31/02/2026", "14:00", "", "", ""], "31/02/2026"),
        (["Họp", "mai", "14:00", "", "", ""], "mai"),
        (["Họp", "12/3/2026", "24:00", "", "", ""], "24:00"),
        (["Họp", "12/3/2026", "14:60", "", "", ""], "14:60"),
        (["Họp", "12/3/2026", "chiều", "", "", ""], "chiều"),
        (["Họp", "12/3/2026", "14:00", "", "-5", ""], "-5"),
        (["Họp", "12/3/2026", "14:00", "", "12345", ""], "12345"),
        (["", "12/3/2026", "14:00", "", "", ""], "title"),
        (["Họp", "12/3/2026", "14:00", "14:00", "", ""], "not 0 minutes"),
        (["Họp", "12/3/2026", "14:00", "", "", "Xã Không Có"], "stands for 0"),
    ],
)
def test_a_wrong_cell_is_told_with_its_line_and_value(
    house: House, row: list[object], named: str
) -> None:
    done, meetings = take(house, ["Đúng", "12/3/2026", "8:00", "", "", ""], row)
    assert [fault.line for fault in done.problems] == [3]
    assert named in done.problems[0].message.format(**done.problems[0].values)
    assert [meeting.title for meeting in meetings] == ["Đúng"]  # the caller rolls it back


def test_guests_are_places_and_groups_by_any_spelling_of_their_names(house: House) -> None:
    house.communes("ia-kly", "ia-o", "ia-dom")
    with house.database.writing() as session:
        group = groups.create(session, "Biên giới", ["ia-dom"]).id
        wanted = {place_at(session, ["Gia Lai", f"Xã {name}"]).id for name in ("ia-kly", "ia-o")}
    names = "xã IA-KLY, Xa ia o\nBIEN GIOI"
    _, (meeting,) = take(house, ["Họp", "12/3/2026", "14:00", "", "", names], binary=True)
    with house.database.reading() as session:
        rows = session.query(Invitation).filter_by(meeting_id=meeting.id).all()
    assert {row.place_id for row in rows if row.place_id} == wanted
    assert [row.group_id for row in rows if row.group_id] == [group]


def test_a_name_of_two_places_is_told_as_two(house: House) -> None:
    house.place("Gia Lai", "Ia Grai", "Xã Ia O")
    house.place("Gia Lai", "Chư Prông", "Xã Ia O")
    done, _ = take(house, ["Họp", "12/3/2026", "14:00", "", "", "Xã Ia O"])
    assert done.problems[0].values == {"value": "Xã Ia O", "count": "2"}


def test_of_a_sheet_of_faults_some_dozens_are_told(house: House) -> None:
    done, _ = take(house, *[["Họp", "?", "14:00", "", "", ""]] * (MAX_TOLD + 10))
    assert [fault.line for fault in done.problems] == list(range(2, MAX_TOLD + 2))


def test_a_site_that_is_known_moves_and_an_id_that_stands_twice_is_told(house: House) -> None:
    heads = ["Tên", "Mã", "Tỉnh", "Xã"]
    first = csv(heads, ["Xã A", "a", "Gia Lai", "Xã A"], ["", "", "Gia Lai", "Xã B"])
    moved = csv(heads, ["Xã A", "A", "Đắk Lắk", "Xã A"], ["Xã B", "", "Gia Lai", "Xã B"])
    twice = csv(heads, ["Xã A", "c", "Gia Lai", "Xã A"], ["Xã B", "c", "Gia Lai", "Xã B"])
    with house.database.writing() as session:
        counts = []
        for content in (first, moved, twice):
            done = import_sites(session, content, NOON)
            counts.append((done.added, done.changed, done.same, len(done.problems)))
        assert counts == [(2, 0, 0, 0), (0, 1, 1, 0), (1, 0, 0, 1)]
        assert done.problems[0].values == {"value": "c", "line": "2"}
        assert session.get_one(Site, "a").place_id == place_at(session, ["Đắk Lắk", "Xã A"]).id
        assert session.get_one(Site, "b").name == "Xã B"


@pytest.mark.parametrize("column", COLUMNS)
def test_each_column_is_known_by_each_of_its_names(house: House, column: str) -> None:
    """A name that is not the first is told back; of the doors nobody had the word: 500."""
    told = {"title": "Họp", "day": "12/03/2026", "begin": "14:00"}
    for name in COLUMNS[column]:
        heads = [name if one == column else COLUMNS[one][0] for one in {**told, column: ""}]
        cells = [told.get(one, "") for one in {**told, column: ""}]
        with house.database.writing() as session:
            usual = Guests(frozenset({place_at(session, ["Gia Lai"]).id}))
            done = import_meetings(session, csv(heads, cells), usual, ZONE, NOON)
        assert (done.problems, done.taken) == ([], 1), name


@pytest.mark.parametrize("head", ["Vào sớm (phút)", "số phút vào sớm", "Mở phòng trước (phút)"])
@pytest.mark.parametrize(
    ("cell", "doors_s"),
    [("15", 900.0), ("30 phút", 1800.0), ("0", 0.0), ("120", 7200.0), ("", None)],
)
def test_how_early_sites_join(house: House, head: str, cell: str, doors_s: float | None) -> None:
    rows = csv([*HEADS, head], ["Họp", "12/03/2026", "14:00", "", "90", "", cell])
    with house.database.writing() as session:
        usual = Guests(frozenset({place_at(session, ["Gia Lai"]).id}))
        done = import_meetings(session, rows, usual, ZONE, NOON)
        assert done.problems == []
        assert session.query(Meeting).one().doors_s == doors_s
    with house.database.writing() as session:  # without the column: what was entered stays
        again = csv(HEADS, ["Họp", "12/03/2026", "14:00", "", "90", ""])
        assert import_meetings(session, again, usual, ZONE, NOON).changed == 0
        assert session.query(Meeting).one().doors_s == doors_s


@pytest.mark.parametrize("cell", ["sớm", "-5", "121", "10.5"])
def test_doors_that_cannot_be_are_told_and_the_line_costs_itself(house: House, cell: str) -> None:
    rows = csv(
        [*HEADS, "Vào sớm (phút)"],
        ["Họp sáng", "12/03/2026", "8:00", "", "90", "", cell],
        ["Họp chiều", "12/03/2026", "14:00", "", "90", "", "5"],
    )
    with house.database.writing() as session:
        usual = Guests(frozenset({place_at(session, ["Gia Lai"]).id}))
        done = import_meetings(session, rows, usual, ZONE, NOON)
        assert [(one.line, one.title) for one in done.problems] == [(2, "Họp sáng")]
        assert session.query(Meeting).one().doors_s == 300.0
