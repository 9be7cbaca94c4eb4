"""Each feed of the readers' corpus says the same to a site by way of the province.

It is read by the box's reader; and taken in by the province, whose own feed the box's reader reads.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.wire.calendar.agenda import Agenda, read_agenda
from services.province.errors import WrongInputError
from services.province.importing.imported import Imported
from services.province.importing.meetings_ics import import_calendar
from services.province.schedule.feeds import site_feed
from services.province.schedule.meetings import Guests
from services.province.sites.tree import get_site
from tests.province.in_process import House

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CORPUS = Path(__file__).parents[2] / "wire/calendar/corpus"
WINDOW = ["2026-03-01 00:00", "2026-03-15 00:00"]
ANY: frozenset[str] = frozenset()


def feeds() -> list[str]:
    """The feeds that are calendars."""
    names = sorted(file.stem for file in CORPUS.glob("*.ics"))
    return [n for n in names if "fault" not in tomllib.loads((CORPUS / f"{n}.toml").read_text())]


def seen(agenda: Agenda) -> list[tuple[str, str, str, str]]:
    """Begin, end, title and address of each occurrence."""
    return [
        (
            f"{datetime.fromtimestamp(one.begin, ZONE):%Y-%m-%d %H:%M:%S}",
            f"{datetime.fromtimestamp(one.end, ZONE):%Y-%m-%d %H:%M:%S}",
            one.title,
            one.address,
        )
        for one in agenda.meetings
    ]


def taken_in(house: House, content: bytes, hosts: frozenset[str] = ANY) -> Imported:
    """The outcome of an import with all of the province invited."""
    guests = Guests(frozenset({house.place("Gia Lai")}))
    with house.database.writing() as session:
        try:
            return import_calendar(session, content, guests, ZONE, house.now, hosts)
        except WrongInputError:  # no meeting with an hour
            return Imported()


def read_both(
    house: House, content: bytes, window: list[str], hosts: frozenset[str] = ANY
) -> tuple[Agenda, Agenda, Imported]:
    """What the box reads of a feed, and of the province that took it in; the outcome of that."""
    begin, end = (datetime.fromisoformat(at).replace(tzinfo=ZONE).timestamp() for at in window)
    house.now = (begin + end) / 2
    direct = read_agenda(content, begin=begin, end=end, zone=ZONE, hosts=hosts)
    done = taken_in(house, content, hosts)
    with house.database.reading() as session:
        # As if asked at the begin of the window, for a feed leaves out what was over a week ago.
        body = site_feed(session, get_site(session, "ia-kly"), begin)
    return direct, read_agenda(body, begin=begin, end=end, zone=ZONE, hosts=hosts), done


@pytest.mark.case("P3", "P7", "P8")
@pytest.mark.parametrize("name", feeds())
def test_a_site_sees_the_same_by_way_of_the_province(house: House, name: str) -> None:
    house.communes("ia-kly")
    wanted = tomllib.loads((CORPUS / f"{name}.toml").read_text())
    content = (CORPUS / f"{name}.ics").read_bytes()
    hosts = frozenset(wanted.get("hosts", []))
    direct, imported, done = read_both(house, content, wanted.get("window", WINDOW), hosts)
    # A host that no site dials: the box shows the meeting without address, the import refuses it.
    refused = {one.title for one in done.problems}
    shown = [one for one in seen(direct) if one[3] or one[2] not in refused]
    assert seen(imported) == shown, done.problems
    assert imported.problems == ()
    assert set(direct.left_out) <= {one.title for one in (*done.problems, *done.notes)}
