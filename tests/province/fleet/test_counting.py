"""What ``make load`` counts: each report that the database was given, the older ones too."""

from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.broker.batch_writer import Incoming
from services.province.fleet.report_writer import write_reports
from tests.load import counting
from tests.province.in_process import NOON, House


def said(seq: int) -> Incoming:
    return Incoming("ia-kly", Kind.HEALTH, Health(ReportId(NOON, "a", seq)), NOON)


def name(seq: int) -> counting.Name:
    return ("ia-kly", "a", seq)


def test_what_is_stored_late_or_twice_counts_once_and_what_is_missing_is_named(
    house: House,
) -> None:
    house.communes("ia-kly")
    counting.install(house.database)
    try:
        store = write_reports(house.database)
        store([said(5), said(7)])
        store([said(6), said(7)])
        whole = counting.account(house.database, [name(5), name(6), name(7)])
        assert whole.right
        assert (whole.said, whole.stored, whole.twice) == (3, 3, 1)
        fewer = counting.account(house.database, [name(4), name(7), name(8)])
        assert not fewer.right
        assert fewer.missing == (name(4), name(8))
        assert fewer.behind == ("ia-kly",)
    finally:
        counting.remove(house.database)
