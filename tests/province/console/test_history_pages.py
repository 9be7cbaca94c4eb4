"""One site's history and everybody's alarms as pages: words, pictures, and whose they are."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from appliance.wire.alarm import Alarm
from appliance.wire.report import Health
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind
from services.province.accounts import Role
from services.province.broker.batch_writer import Incoming
from services.province.console import charts
from services.province.fleet.report_writer import write_reports
from services.province.storage.tables import Site
from tests.province.in_process import NOON, House
from tests.province.recorded_history import HOT, OLD_AGENDA, WORN, report_for_days


def tree(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314 - our own


def says(house: House, site: str, seq: int, *alarms: Alarm) -> None:
    report = Health(ReportId(house.now, "a", seq), alarms)
    write_reports(house.database)([Incoming(site, Kind.HEALTH, report, house.now)])


@pytest.fixture
def lived(house: House) -> House:
    """One commune with a week behind it, entered before."""
    house.communes("ia-kly", "ia-o")
    with house.database.writing() as session:
        site = session.get(Site, "ia-kly")
        assert site is not None
        site.created_at = NOON - 30 * 86_400.0
    report_for_days(house.database, "ia-kly", NOON)
    return house


def test_a_site_s_page_shows_how_it_was(lived: House) -> None:
    lan = lived.person("lan", Role.VIEWER)
    page = lan.get("/sites/ia-kly").text
    assert "Khởi động lần cuối" in page
    assert "mất điện" in page
    assert "<b>C1</b> Không thấy camera" in page
    # Of 24 hours one without power and two without a line.
    assert "Liên lạc được" in page
    assert re.search(r"<b>8[78](,\d)? %</b>", page)
    for name in ("missed", "late", "heard"):
        assert f'<rect class="{name}"' in page
    assert "Nhiệt độ" in page
    assert "Thiết bị quá nóng" in page
    week, quarter = (lan.get(f"/sites/ia-kly?days={days}").text for days in (7, 90))
    assert week.count("Thiết bị quá nóng") == 2
    assert 'href="/sites/ia-kly?days=7#history" aria-current="true"' in week
    assert "09/03" in week
    assert quarter.count("<svg") == 4
    assert lan.get("/sites/ia-kly?days=nothing").status_code == 400
    assert 'href="/sites/ia-kly?days=1#history" aria-current="true"' in (
        lan.get("/sites/ia-kly?days=12").text
    )


def test_a_site_that_never_spoke_has_a_page_too(lived: House) -> None:
    lan = lived.person("lan", Role.VIEWER)
    for days in (1, 7, 90):
        page = lan.get(f"/sites/ia-o?days={days}").text
        assert page.count("<svg") == 1
        assert "Chưa đo đường truyền" in page
        assert "Tự kiểm tra lần cuối" not in page


def test_pictures_hold_nothing_that_the_policy_refuses(lived: House) -> None:
    page = lived.person("lan", Role.VIEWER).get("/sites/ia-kly?days=7").text
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 4
    for picture in pictures:
        root = tree(picture)
        for part in root.iter():
            assert part.tag.rpartition("}")[2] in ("svg", "g", "rect", "path", "text")
            assert not {"style", "id", "href", "onclick"} & part.attrib.keys()
    assert " style=" not in page
    assert "<style" not in page


def test_a_gap_is_a_gap_and_a_single_value_is_seen() -> None:
    labels = [""] * 9 + ["now"]
    values = [50.0, 51.0, 52.0, None, None, 60.0, 61.0, None, None, None]

    def drawn(svg: str, name: str) -> list[str]:
        found = [one for one in tree(svg).iter() if name in one.get("class", "")]
        return [one.get("d", one.get("height", "")) for one in found]

    line = charts.line("T", labels, values, rules=(30, 90), format_value=str)
    assert len(drawn(line, "nofill")) == 2
    alone = [None] * 9 + [2.0]
    assert len(drawn(charts.bars("L", labels, alone, rules=(0, 5), format_value=str), "rect")) == 1
    assert 'aria-label="T"' in line
    assert ">now</text>" in line


def test_alarms_stand_by_severity_with_remedy_and_go_by_themselves(house: House) -> None:
    house.communes("ia-kly", "ia-o", "ia-me")
    for site in ("ia-kly", "ia-o", "ia-me"):
        says(house, site, 1)
    house.now += 60.0
    says(house, "ia-kly", 2, replace(HOT, since=house.now), replace(WORN, since=NOON - 86_400))
    says(house, "ia-o", 2, replace(OLD_AGENDA, severity=3, since=house.now, detail="<b>3 ngày</b>"))
    says(house, "ia-me", 2)
    lan = house.person("lan", Role.OPERATOR)
    page = lan.get("/alarms").text
    assert counts(page) == {"s3": 1, "s2": 1, "s1": 1}
    order = [page.index(text) for text in ("Lịch họp đã cũ", "Thiết bị quá nóng", "Thẻ nhớ đã mòn")]
    assert order == sorted(order)
    assert "Để thoáng chỗ quanh thiết bị." in page
    assert "&lt;b&gt;3 ngày&lt;/b&gt;" in page
    assert "từ 11:41" in page
    assert "từ 11:40 11/03" in page
    assert "Xã ia-me" not in page.partition("data-live")[2]

    lan.post("/sites/ia-kly/help", take="yes")
    house.now += 60.0
    says(house, "ia-kly", 3, WORN)
    page = lan.get("/alarms").text
    assert counts(page) == {"s3": 1, "s2": 0, "s1": 1}
    over = page[page.index("Đã hết trong 7 ngày qua") :]
    assert "Thiết bị quá nóng" in over
    assert "11:41 – 11:42" in over
    assert "lan đã xử lý" in over

    house.now += 600.0  # nobody speaks: that is all that is known of them now
    page = lan.get("/alarms").text
    assert counts(page) == {"s3": 3, "s2": 0, "s1": 0}
    says(house, "ia-o", 3)
    page = lan.get("/alarms").text
    assert "Không liên lạc được với điểm cầu này." in page[page.index("Đã hết") :]
    house.now += 8 * 86_400.0
    assert "Thiết bị quá nóng" not in lan.get("/alarms").text


def test_since_when_is_told_by_whoever_knows_the_hour(house: House) -> None:
    house.communes("ia-kly")
    no_time = Alarm("clock", "G1", 3, 5.0, "", {"vi": "Không biết giờ"})
    for seq in range(1, 4):
        report = Health(ReportId(5.0 + seq, "a", seq), (no_time,))
        write_reports(house.database)([Incoming("ia-kly", Kind.HEALTH, report, house.now)])
        house.now += 60.0
    page = house.person("lan", Role.VIEWER).get("/alarms").text
    assert "Không biết giờ" in page
    assert "từ 11:40 <" in page.replace(",", " <")
    assert "1970" not in page


def test_alarms_of_one_branch(house: House) -> None:
    house.communes("ia-kly", "ia-o")
    for site in ("ia-kly", "ia-o"):
        says(house, site, 1, replace(HOT, detail=f"at {site}"))
        house.now += 1.0
        says(house, site, 2)
    says(house, "ia-o", 3, replace(HOT, detail="at ia-o"))
    lan = house.person("lan", Role.VIEWER)
    here, there = (house.place("Gia Lai", f"Xã {site}") for site in ("ia-kly", "ia-o"))
    assert counts(lan.get(f"/alarms?place={here}").text) == {"s3": 0, "s2": 0, "s1": 0}
    page = lan.get(f"/alarms?place={there}").text
    assert counts(page) == {"s3": 0, "s2": 1, "s1": 0}
    assert "at ia-kly" not in page
    assert f'<option value="{there}" selected>' in page
    assert f'data-live="/live/alarms?place={there}"' in page
    assert counts(lan.get(f"/alarms?place={house.place('Gia Lai')}").text)["s2"] == 1
    assert lan.get("/alarms?place=999").status_code == 404
    for wrong in ("x", "-1", "99999999999"):
        assert lan.get(f"/alarms?place={wrong}").status_code == 400
    assert house.stranger().get("/alarms").status_code == 303
    assert house.stranger().get("/live/alarms").status_code == 401


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'<li class="severity (s\d)"><b>(\d+)</b>', page)
    return {level: int(number) for level, number in found}
