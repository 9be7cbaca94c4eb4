"""The pages as people use them, with every role, and what nobody may do."""

import re

import pytest

from services.province.accounts import Role
from services.province.sites.card_values import set_card_values
from services.province.sites.tree import get_site
from services.province.storage.database import Database
from tests.province.feed import agenda
from tests.province.in_process import NOON, PASSWORD, House, draft

CHANGES = {  # what a role below may not do, with the least role that may
    "/sites": Role.OPERATOR,
    "/sites/ia-kly/help": Role.OPERATOR,
    "/meetings/new": Role.OPERATOR,
    "/meetings/1/edit": Role.OPERATOR,
    "/meetings/1/cancel": Role.OPERATOR,
    "/groups/new": Role.OPERATOR,
    "/accounts": Role.ADMINISTRATOR,
    "/accounts/1": Role.ADMINISTRATOR,
}
PAGES = {
    "/": Role.VIEWER,
    "/sites": Role.VIEWER,
    "/sites/ia-kly": Role.VIEWER,
    "/meetings": Role.VIEWER,
    "/meetings/1": Role.VIEWER,
    "/meetings/new": Role.OPERATOR,
    "/meetings/1/edit": Role.OPERATOR,
    "/groups": Role.VIEWER,
    "/groups/new": Role.OPERATOR,
    "/labels": Role.OPERATOR,
    "/account": Role.VIEWER,
    "/accounts": Role.ADMINISTRATOR,
    "/audit": Role.ADMINISTRATOR,
}


@pytest.fixture
def filled(house: House) -> House:
    """A province with two communes and a meeting in an hour."""
    house.communes("ia-kly", "ia-o")
    house.meeting(draft({house.place("Gia Lai")}))
    return house


def test_the_first_page_says_who_is_ready_for_the_meeting(filled: House) -> None:
    alarm = {
        "key": "camera-missing", "code": "C1", "severity": 2, "since": NOON,
        "text": {"vi": "Không thấy máy quay", "en": "No camera"},
        "remedy": {"vi": "Cắm lại dây", "en": "Plug it in"}, "detail": "<b>usb</b>",
    }  # fmt: skip
    filled.reports("ia-kly", 1, alarms=[alarm])
    page = filled.person("lan", Role.VIEWER).get("/").text
    assert "Sẵn sàng cho cuộc họp 12:40" in page
    assert "Giao ban tuần" in page
    assert "Không thấy máy quay" in page
    assert "Cắm lại dây" in page
    assert "&lt;b&gt;usb&lt;/b&gt;" in page
    assert "Chưa lắp đặt" in page
    assert counts(page) == {"ready": 0, "meeting": 0, "help": 1, "silent": 0, "never": 1}

    filled.reports("ia-kly", 2, alarms=[])
    filled.reports("ia-o", 1, alarms=[])
    page = filled.person("minh", Role.VIEWER).get("/").text
    assert counts(page) == {"ready": 0, "meeting": 0, "help": 0, "silent": 0, "untested": 2}
    assert "Tất cả các điểm cầu đã sẵn sàng." not in page

    filled.tested("ia-kly", "ia-o")
    page = filled.person("hoa", Role.VIEWER).get("/").text
    assert counts(page) == {"ready": 2, "meeting": 0, "help": 0, "silent": 0}
    assert "Tất cả các điểm cầu đã sẵn sàng." in page


def test_who_needs_help_stands_there_with_whom_to_call(filled: House) -> None:
    with filled.database.writing() as session:
        whom = {"contact": "Chị H'Nga <VP>", "telephone": "0912 345 678"}
        set_card_values(get_site(session, "ia-kly"), whom)
    alarm = {"key": "camera-missing", "code": "C1", "severity": 2, "since": NOON}
    for seq, alarms in ((1, [alarm]), (2, [])):
        filled.reports("ia-kly", seq, alarms=alarms)
        page = filled.person(f"lan{seq}", Role.VIEWER).get("/").text
        assert ('<a href="tel:0912345678">0912 345 678</a>' in page) == bool(alarms)
        assert ("Chị H&#39;Nga &lt;VP&gt;" in page) == bool(alarms)


def test_a_site_that_says_nothing_any_more_turns_silent_by_itself(filled: House) -> None:
    filled.tested("ia-kly")
    filled.reports("ia-kly", 1, alarms=[])
    filled.reports("ia-kly", 2, "meeting", phase="in meeting")
    lan = filled.person("lan", Role.VIEWER)
    assert counts(lan.get("/").text)["meeting"] == 1
    filled.now += 3600.0  # the meeting is on
    assert counts(lan.get("/").text) == {
        "ready": 0,
        "meeting": 0,
        "help": 0,
        "silent": 1,
        "never": 1,
    }
    filled.reports("ia-kly", 3, alarms=[])
    filled.now += 60.0
    assert counts(lan.get("/").text)["silent"] == 0
    filled.now += 20.0
    assert counts(lan.get("/").text)["silent"] == 1


def test_who_waits_who_is_over_time_and_who_left_is_counted(filled: House) -> None:
    an = filled.person("an", Role.VIEWER)
    for seq, period in enumerate(("waiting", "overtime", "", "left")):
        phase = "idle" if period == "left" else "in meeting"
        filled.reports("ia-kly", seq + 1, kind="meeting", phase=phase, period=period)
        page = an.get("/").text
        assert ("1 chờ khai mạc" in page) is (period == "waiting")
        assert ("1 quá giờ" in page) is (period == "overtime")
        assert "&lt;" not in page, "words of both languages, written as marks"
        assert ("left" in counts(page)) is (period == "left")
        assert counts(page)["meeting"] == (period != "left")


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'<li class="(\w+)"><b>(\d+)</b>', page)
    return {state: int(number) for state, number in found}


def test_a_meeting_is_entered_changed_and_cancelled(filled: House) -> None:
    lan = filled.person("lan", Role.OPERATOR)
    place = filled.place("Gia Lai", "Xã ia-o")
    fields = {
        "title": "Họp <đột xuất>", "begin": "2026-03-12T14:00", "minutes": "60",
        "repeat": "FREQ=WEEKLY", "until": "2026-04-12", "place": str(place),
        "address": "sip:724999@mcu.gialai.example;transport=tls", "chair": "Bà Hoa",
    }  # fmt: skip
    made = lan.post("/meetings/new", **fields)
    assert made.status_code == 303
    page = lan.get(made.headers["location"]).text
    assert "Họp &lt;đột xuất&gt;" in page
    assert page.count("14:00–15:00") == 6  # the head, five weeks
    # It shares Xã ia-o with the other one, from 12:40 to 14:10.
    assert "Trùng giờ" in page
    assert "Giao ban tuần" in page

    form = lan.get(f"{made.headers['location']}/edit").text
    assert 'value="2026-03-12T14:00"' in form
    assert 'value="2026-04-12"' in form
    assert f'value="{place}" checked' in form

    fields |= {"begin": "2026-03-12T15:00", "repeat": "", "until": ""}
    assert lan.post(f"{made.headers['location']}/edit", **fields).status_code == 303
    page = lan.get(made.headers["location"]).text
    assert "15:00–16:00" in page
    assert "Trùng giờ" not in page

    assert lan.post(f"{made.headers['location']}/cancel").status_code == 303
    assert "đã hủy" in lan.get(made.headers["location"]).text
    assert "Họp &lt;đột xuất&gt;" not in lan.get("/meetings").text


@pytest.mark.parametrize(
    ("typed", "minutes", "shown"), [("", 10, ""), ("0", 0, "0"), (" 25 ", 25, "25")]
)
def test_how_early_sites_join_is_entered_and_shown(
    filled: House, typed: str, minutes: int, shown: str
) -> None:
    lan = filled.person("lan", Role.OPERATOR)
    fields = {
        "title": "Họp", "begin": "2026-03-12T16:00", "minutes": "60", "doors": typed,
        "place": str(filled.place("Gia Lai", "Xã ia-o")),
    }  # fmt: skip
    made = lan.post("/meetings/new", **fields).headers["location"]
    assert f"điểm cầu vào trước {minutes} phút" in lan.get(made).text
    assert f'name="doors" type="number" inputmode="numeric" min="0" max="120" value="{shown}"' in (
        lan.get(f"{made}/edit").text
    )
    (seen,) = [one for one in agenda(filled, "ia-o").meetings if one.title == "Họp"]
    assert seen.doors_s == minutes * 60.0


WRONG = {
    ("begin", "hôm nay"): "không phải là ngày giờ",
    ("minutes", "-5"): "không phải là số phút",
    ("title", " "): "Cuộc họp cần có tên.",
    ("address", "ftp://x"): "Không gọi được địa chỉ này",
    ("until", "2026-99-99"): "không phải là ngày",
    ("sites", "nobody"): "Không có trong cây đơn vị",
    ("place", "999999999"): "Không có trong cây đơn vị",
    ("place", "99999999999"): "Hãy mời ít nhất một đơn vị",
    ("doors", "sớm"): "không phải là số phút",
    ("doors", "121"): "từ 0 đến 120 phút",
    ("repeat", "FREQ=SECONDLY"): "Các điểm cầu không giữ được cuộc họp này",
}


def test_a_wrong_field_is_named_and_nothing_typed_is_lost(filled: House) -> None:
    lan = filled.person("lan", Role.OPERATOR)
    place = str(filled.place("Gia Lai"))
    fields = {
        "title": "Họp", "begin": "2026-03-12T14:00", "minutes": "60", "repeat": "FREQ=DAILY",
        "chair": "Giữ nguyên",
    }  # fmt: skip
    for (field, value), said in WRONG.items():
        answer = lan.post("/meetings/new", **{"place": place, **fields, field: value})
        assert answer.status_code == 400, field
        assert said in answer.text, field
        assert 'value="Giữ nguyên"' in answer.text


def test_sites_are_added_at_the_end_of_a_path(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    fields = {"name": "Xã Ia Kly", "id": "ia-kly", "place": "Gia Lai / Huyện Chư Prông / Xã Ia Kly"}
    assert lan.post("/sites", **fields).headers["location"] == "/sites/ia-kly"
    assert "Gia Lai › Huyện Chư Prông › Xã Ia Kly" in lan.get("/sites/ia-kly").text
    assert lan.post("/sites", **fields).status_code == 400
    assert lan.post("/sites", **{**fields, "id": "../x"}).status_code == 400
    assert "Xã Ia Kly" in lan.get("/sites").text


def test_somebody_sees_to_a_site_and_everybody_reads_who(filled: House) -> None:
    lan = filled.person("lan", Role.OPERATOR)
    assert lan.post("/sites/ia-kly/help", take="yes").status_code == 303
    assert "lan đang xử lý" in lan.get("/").text
    assert lan.post("/sites/ia-kly/help", take="no").status_code == 303
    assert "lan đang xử lý" not in lan.get("/").text


def test_each_page_and_each_change_wants_its_role(filled: House) -> None:
    for role in Role:
        person = filled.person(f"a-{role}", role)
        for path, least in PAGES.items():
            expected = 200 if role.may(least) else 403
            assert person.get(path).status_code == expected, (role, path)
        for path, least in CHANGES.items():
            if not role.may(least):
                assert person.post(path).status_code == 403, (role, path)


def test_who_is_not_logged_in_sees_nothing(filled: House) -> None:
    stranger = filled.stranger()
    for path in PAGES:
        assert stranger.get(path).status_code == 303
        assert stranger.get(path).headers["location"].startswith("/login?next=")
    for path in [*CHANGES, "/logout"]:
        assert stranger.post(path, data={"csrf": "x"}).status_code == 401
    assert stranger.get("/live/home").status_code == 401


def test_accounts_are_added_changed_and_closed(house: House) -> None:
    admin = house.person("admin", Role.ADMINISTRATOR)
    fields = {"name": "Lan", "password": PASSWORD, "role": "chair"}
    assert admin.post("/accounts", **fields).status_code == 303
    assert admin.post("/accounts", **fields).status_code == 400
    assert admin.post("/accounts", **{**fields, "name": "x", "password": "ngắn"}).status_code == 400
    assert admin.post("/accounts", **{**fields, "name": "x", "role": "root"}).status_code == 400
    lan = house.stranger()
    assert lan.post("/login", data={"name": "LAN ", "password": PASSWORD}).status_code == 303
    assert lan.get("/").status_code == 200
    assert admin.post("/accounts/2", role="chair", disabled="yes").status_code == 303
    assert lan.get("/").status_code == 303
    assert lan.post("/login", data={"name": "lan", "password": PASSWORD}).status_code == 401
    # The last administrator cannot lock everybody out.
    assert admin.post("/accounts/1", role="viewer").status_code == 400
    assert admin.get("/accounts").status_code == 200


def test_the_audit_log_says_who_did_what_and_holds_no_secret(filled: House) -> None:
    admin = filled.person("admin", Role.ADMINISTRATOR)
    admin.post("/accounts", name="lan", password="another secret 1", role="viewer")
    admin.post("/meetings/1/cancel")
    page = admin.get("/audit").text
    for word in ("log-in", "account added", "meeting cancelled", "Giao ban tuần"):
        assert word in page
    for secret in ("another secret 1", PASSWORD, "2468", filled.token("ia-kly")):
        assert secret not in page


def test_what_a_viewer_sees_holds_no_token_and_no_pin(filled: House) -> None:
    lan = filled.person("lan", Role.VIEWER)
    for path in ("/", "/sites", "/sites/ia-kly", "/meetings", "/meetings/1"):
        page = lan.get(path).text
        assert "2468" not in page, path
        assert filled.token("ia-kly") not in page, path


def test_without_its_database_the_program_says_so() -> None:
    away = House(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    browser = away.stranger()
    browser.cookies.set("diemcau", "x")
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "Thử lại sau ít phút" in answer.text
    assert answer.headers["retry-after"] == "5"
    assert browser.get("/login").status_code == 200
