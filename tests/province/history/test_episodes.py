"""Alarms from reports: opened, closed, mended by late ones, and never more than the site said."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.wire.alarm import Alarm
from services.province.fleet.readiness import SILENT_KEY
from services.province.history.episodes import MAX_ALARMS, MAX_DELAY_S, apply_late, apply_newest
from services.province.storage.history_tables import AlarmEpisode

T = 1_773_290_400.0


def alarm(key: str = "hot", since: float = T) -> Alarm:
    return Alarm(key, "B1", 2, since, "84.2 °C", {"vi": "Nóng", "en": "Hot", "fr": "Chaud"})


def row(began_at: float, ended_at: float | None, key: str = "hot") -> AlarmEpisode:
    return AlarmEpisode(site_id="ia-kly", key=key, began_at=began_at, ended_at=ended_at, helper="")


def spans(rows: list[AlarmEpisode]) -> list[tuple[str, float, float | None]]:
    return [(one.key, one.began_at - T, one.ended_at and one.ended_at - T) for one in rows]


def newest(rows: list[AlarmEpisode], at: float, *alarms: Alarm, helper: str = "") -> None:
    rows += apply_newest("ia-kly", rows, alarms, T + at, helper)


def late(rows: list[AlarmEpisode], at: float, *alarms: Alarm) -> None:
    rows += apply_late("ia-kly", rows, alarms, T + at)


def test_an_alarm_is_one_row_from_its_beginning_to_the_first_report_without_it() -> None:
    rows: list[AlarmEpisode] = []
    newest(rows, 20, alarm())
    newest(rows, 80, alarm(since=T + 70))  # its program was restarted and counts from there
    newest(rows, 140, alarm("camera-missing", T + 139), helper="lan")
    newest(rows, 200, helper="hoa")
    assert spans(rows) == [("hot", 0, 140), ("camera-missing", 139, 200)]
    assert [one.helper for one in rows] == ["lan", "hoa"]
    assert rows[0].text == {"vi": "Nóng", "en": "Hot"}
    newest(rows, 260, alarm(since=T + 250))
    assert spans(rows)[-1] == ("hot", 250, None)


def test_a_beginning_that_no_clock_can_have_meant_is_the_report_s_hour() -> None:
    for since in (0.0, T + 1e6):
        rows: list[AlarmEpisode] = []
        newest(rows, 20, alarm(since=since))
        assert spans(rows) == [("hot", 20, None)]


def test_what_was_missed_while_the_line_was_away_is_found_in_late_reports() -> None:
    rows = [row(T - 600, None, "storage")]
    newest(rows, 7200, alarm("storage"))
    late(rows, 600, alarm("storage"))
    late(rows, 660, alarm("storage"), alarm(since=T + 650))
    late(rows, 720, alarm("storage"), alarm(since=T + 650))
    late(rows, 780, alarm("storage"))
    late(rows, 840, alarm("storage"), alarm(since=T + 830))
    assert spans(rows) == [("storage", -600, None), ("hot", 650, 720), ("hot", 830, 840)]


def test_an_end_that_was_seen_late_is_put_where_it_was() -> None:
    rows = [row(T, None)]
    newest(rows, 7200)  # after two hours without a line it is gone
    late(rows, 300, alarm())
    late(rows, 360)
    late(rows, 420)
    assert spans(rows) == [("hot", 0, 360)]


def test_a_report_of_the_patience_before_an_alarm_ends_nothing() -> None:
    rows = [row(T, T + 900)]
    late(rows, MAX_DELAY_S - 1)
    assert spans(rows) == [("hot", 0, 900)]


def test_silence_is_the_province_s_word_and_no_late_report_mends_it() -> None:
    rows = [row(T, T + 3600, SILENT_KEY)]
    late(rows, 1800)
    assert spans(rows) == [(SILENT_KEY, 0, 3600)]


def test_a_site_that_makes_up_alarms_fills_no_table() -> None:
    rows: list[AlarmEpisode] = []
    newest(rows, 0, *(alarm(f"k{number}" + "x" * 50) for number in range(100)))
    assert len(rows) == MAX_ALARMS


KEYS = ("hot", "storage", "link-slow")
HELD = st.lists(st.frozensets(st.sampled_from(KEYS)), min_size=1, max_size=25)


@settings(max_examples=200, deadline=None)
@given(HELD, st.data())
def test_whatever_comes_late_twice_or_not_at_all_rows_make_sense(
    held: list[frozenset[str]], data: st.DataObject
) -> None:
    """Reports of each minute in an order that an outage could make: a newest first, then the rest
    of its outage, some of it twice. Of one alarm no two rows overlap, what is open is in the newest
    report, and nothing stands for longer than reports and gaps allow."""
    since: dict[str, float] = {}
    reports = []
    for number, keys in enumerate(held):
        at = number * 600.0
        since = {key: since.get(key, at) for key in keys}
        reports.append((at, [alarm(key, T + began) for key, began in sorted(since.items())]))
    rows: list[AlarmEpisode] = []
    while reports:
        away = data.draw(st.integers(0, min(3, len(reports) - 1)), "missed before the next")
        newest(rows, reports[away][0], *reports[away][1])
        for at, alarms in reports[:away]:
            for _ in range(data.draw(st.integers(1, 2), "times")):
                late(rows, at, *alarms)
        del reports[: away + 1]
    assert {one.key for one in rows if one.ended_at is None} == held[-1]
    for key in KEYS:
        mine = sorted((one.began_at, one.ended_at or T + 1e9) for one in rows if one.key == key)
        assert all(begin <= end for begin, end in mine)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(mine)), spans(rows)
