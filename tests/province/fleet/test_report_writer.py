"""Batches of what the sites say: whole, twice, late, and of sites that nobody knows."""

from appliance.wire.report import Hand, Health, Presence, Report, kind_of
from appliance.wire.report_id import ReportId
from services.province.broker.batch_writer import Incoming
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import State
from services.province.fleet.report_writer import write_reports
from services.province.storage.database import Database
from tests.province.in_process import NOON, House
from tests.province.statements import statements


def come(report: Report, site: str = "ia-kly") -> Incoming:
    return Incoming(site, kind_of(report), report, NOON)


def presence(boot: str, session: int, *, online: bool, seq: int = 0) -> Incoming:
    return come(Presence(ReportId(NOON, boot, seq or session), online, session))


def state(house: House) -> State:
    with house.database.reading() as session:
        return statuses_of(session, ["ia-kly"], NOON + 1.0, close=False)["ia-kly"].state


def test_a_batch_is_taken_whole_and_may_come_twice(house: House) -> None:
    house.communes("ia-kly")
    house.tested("ia-kly")
    store = write_reports(house.database)
    batch = [
        come(Health(ReportId(NOON, "a", 5))),
        come(Hand(ReportId(NOON, "a", 6), up=True, since=NOON)),
        come(Health(ReportId(NOON, "a", 7)), "nobody"),
    ]
    for _ in range(2):
        store(batch)
        assert state(house) is State.READY


def test_a_batch_is_as_many_statements_however_much_it_holds(house: House) -> None:
    """One statement for each report was the most that a province did."""
    counts = []
    for letter, many in (("a", 2), ("b", 40)):
        sites = [f"{letter}{number}" for number in range(many)]
        house.communes(*sites)
        batch = [come(Health(ReportId(NOON, "a", 5)), site) for site in sites]
        with statements(house.database) as counted:
            write_reports(house.database)(batch)
        assert sum("INSERT INTO last_reports" in one for one in counted) == 1
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_a_will_speaks_of_its_own_connection_alone(database: Database) -> None:
    house = House(database)
    house.communes("ia-kly")
    house.tested("ia-kly")
    store = write_reports(database)
    # The will bears the id of its birth.
    birth, will = presence("a", 10, online=True), presence("a", 10, online=False)
    store([birth])
    assert state(house) is State.READY
    store([will])
    assert state(house) is State.SILENT
    store([presence("a", 40, online=True)])
    store([will, birth])
    assert state(house) is State.READY
    # Of another boot only a birth is news: its will came late.
    store([presence("z", 3, online=False)])
    assert state(house) is State.READY
    store([presence("b", 1, online=True)])
    store([presence("a", 40, online=False, seq=99)])
    assert state(house) is State.READY
    store([presence("b", 1, online=False)])
    assert state(house) is State.SILENT
