"""A fortnight of history as the sites' reports make it, for pages that show it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from appliance.wire.alarm import Alarm
from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.broker.batch_writer import Incoming
from services.province.history.recording import record
from services.province.history.retention import Retention
from services.province.storage.database import Database
from services.province.storage.reports import Report, record_report

DAY_S, HOUR_S, EACH_S = 86_400.0, 3600.0, 180.0
BOOTS = (
    ("a", 30 * DAY_S, 1.9 * DAY_S),
    ("b", 1.6 * DAY_S, 6 * HOUR_S),
    ("c", 5 * HOUR_S, 0.0),
)
"""Each boot, and how long before the end it began and ended."""
HOT = Alarm(
    "hot", "B1", 2, 0.0, "84.2 °C",
    {"vi": "Thiết bị quá nóng", "en": "The box is too hot"},
    {"vi": "Để thoáng chỗ quanh thiết bị.", "en": "Leave room for air around the box."},
)  # fmt: skip
OLD_AGENDA = Alarm(
    "agenda-old", "L2", 2, 0.0, "",
    {"vi": "Lịch họp đã cũ", "en": "The agenda is old"},
    {"vi": "Gọi trung tâm CNTT tỉnh.", "en": "Call the province's IT centre."},
)  # fmt: skip
WORN = Alarm(
    "card-worn", "B7", 1, 0.0, "80 %",
    {"vi": "Thẻ nhớ đã mòn", "en": "The memory card is worn"},
    {"vi": "Gọi trung tâm CNTT tỉnh.", "en": "Call the province's IT centre."},
)  # fmt: skip


def report_for_days(database: Database, site: str, now: float, *, days: int = 8) -> None:
    """`site` reports each three minutes until `now`: warm by day, hot one afternoon, in a meeting
    each morning over a line that loses something, off one evening, and once without its line."""
    late: list[Incoming] = []
    batch: list[Incoming] = []
    for report, received_at in _reports(now, days):
        one = Incoming(site, Kind.HEALTH, report, received_at)
        (late if received_at > report.id.at else batch).append(one)
        if late and received_at == report.id.at:
            store(database, batch)
            store(database, late)
            batch, late = [], []
        if len(batch) == 200:
            store(database, batch)
            batch = []
    store(database, batch)
    Retention(database, now=lambda: now).run_once()


def store(database: Database, batch: Sequence[Incoming]) -> None:
    """As the program does, but only a batch's newest report is kept as the last: the others would
    be replaced by it at once."""
    if not batch:
        return
    newest = max(batch, key=lambda one: one.report.id.at)
    report_id = newest.report.id
    with database.writing() as session:
        record(session, batch)
        last = Report(report_id.at, report_id.boot_id, report_id.seq, newest.state)
        record_report(session, newest.site, last, newest.received_at)


def _reports(now: float, days: int) -> Iterator[tuple[Health, float]]:
    begin = now - days * DAY_S
    tested = datetime.fromtimestamp(int(begin + 100.0), UTC)
    for number in range(int(days * DAY_S / EACH_S) + 1):
        at = begin + number * EACH_S
        left = now - at
        hour = (at / HOUR_S + 7) % 24
        if 1.6 * DAY_S < left < 1.9 * DAY_S or 5 * HOUR_S < left < 6 * HOUR_S:
            continue  # no power
        boot, began = next(one for one in BOOTS if left >= one[2])[:2]
        warm = 48.0 + 9.0 * max(0.0, 1 - abs(hour - 14) / 8) + number * 7 % 5 / 2
        alarms = []
        if 3.1 * DAY_S < left < 3.2 * DAY_S or 9 * HOUR_S < left < 9.5 * HOUR_S:
            warm += 27.0
            alarms.append(HOT)
        figures = {"soc_c": round(warm, 1), "uptime_s": began - left}
        if 8 <= hour < 9.5:
            figures["loss_percent"] = round(number * 13 % 17 / 8 + (4 if alarms else 0), 2)
            figures["rtt_ms"] = 38.0 + number * 11 % 23
        facts = {
            "reboot": "first" if boot == "a" else "power",
            "selftest": "C1, A2",
            "selftest_at": tested.isoformat(),
        }
        away = 14 * HOUR_S < left < 16 * HOUR_S
        came = now - 14 * HOUR_S if away else at
        yield Health(ReportId(at, boot, number + 1), tuple(alarms), figures, facts), came
