"""How a meeting repeats, in words of both languages, and no RRULE on any page."""

from zoneinfo import ZoneInfo

import pytest

from services.province.accounts import Role
from services.province.console.repetition import REPEATS, how, repeats
from tests.province.in_process import House, draft

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
WORDS = {
    "FREQ=WEEKLY": ("hằng tuần", "every week"),
    "FREQ=WEEKLY;INTERVAL=1;WKST=MO": ("hằng tuần", "every week"),
    "BYDAY=MO,TU,WE,TH,FR;FREQ=WEEKLY": ("mọi ngày làm việc", "every working day"),
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260410T165959Z": (
        "hai tuần một lần đến hết ngày 10/04/2026",
        "every two weeks until 10/04/2026",
    ),
    "FREQ=DAILY;UNTIL=20260410T180000Z": (
        "hằng ngày đến hết ngày 11/04/2026",
        "every day until 11/04/2026",
    ),
    "FREQ=WEEKLY;UNTIL=20260410": (
        "hằng tuần đến hết ngày 10/04/2026",
        "every week until 10/04/2026",
    ),
    "FREQ=WEEKLY;BYDAY=TH,MO": (
        "hằng tuần vào Thứ Hai, Thứ Năm",
        "every week on Monday, Thursday",
    ),
    "FREQ=MONTHLY;INTERVAL=3;COUNT=4": (
        "3 tháng một lần (tất cả 4 lần)",
        "every 3 months (4 times in all)",
    ),
    "FREQ=MONTHLY;BYDAY=2TU": (
        "hằng tháng vào một số ngày (xem danh sách)",
        "every month on certain days (see the list)",
    ),
    "FREQ=YEARLY": ("hằng năm", "every year"),
    "FREQ=HOURLY;INTERVAL=2": ("2 giờ một lần", "every 2 hours"),
}


@pytest.mark.parametrize("rule", WORDS)
def test_a_rule_is_said_in_both_languages(rule: str) -> None:
    assert (how(rule, HERE), how(rule, HERE, "en")) == WORDS[rule]
    vi, en = WORDS[rule]
    assert repeats(rule, HERE) == f'lặp lại {vi} <small lang="en">repeats {en}</small>'


@pytest.mark.parametrize("rule", REPEATS)
def test_what_the_form_offers_is_said_as_the_form_has_it(rule: str) -> None:
    assert how(rule, HERE, "en") == REPEATS[rule]


@pytest.mark.parametrize(
    "rule",
    ["FREQ", "=;=", "FREQ=SECONDLY", "FREQ=WEEKLY;INTERVAL=x;BYDAY=", "FREQ=DAILY;UNTIL=080000",
     "FREQ=DAILY;UNTIL=99999999", "FREQ=DAILY;UNTIL=00010101T000000Z;COUNT=-1", "nonsense"],
)  # fmt: skip
def test_an_odd_row_costs_no_page_and_shows_no_rule(rule: str) -> None:
    said = how(rule, HERE, "en")
    assert said
    assert not {"=", "FREQ", "UNTIL"} & set(said.replace("=", " = ").split())


def test_no_page_shows_the_calendars_own_writing(house: House) -> None:
    house.communes("ia-kly")
    rule = "FREQ=WEEKLY;BYDAY=TH,MO;UNTIL=20260410T165959Z"
    number = house.meeting(draft({house.place("Gia Lai")}, rule=rule))
    operator = house.person("lan", Role.OPERATOR)
    page = operator.get(f"/meetings/{number}").text
    assert "lặp lại hằng tuần vào Thứ Hai, Thứ Năm đến hết ngày 10/04/2026" in page
    assert "FREQ" not in page
    form = operator.get(f"/meetings/{number}/edit").text
    assert 'value="FREQ=WEEKLY;BYDAY=TH,MO" selected>hằng tuần vào Thứ Hai, Thứ Năm<' in form
