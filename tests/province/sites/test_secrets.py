"""Passwords and PINs go in by the console, and come out in a card's files and a feed alone."""

import io
import zipfile

import pytest

from services.province.accounts import Role
from services.province.storage.tables import Site
from tests.province.in_process import House, Person, draft

PASSWORD, PIN = "Mk-bi-mat-77", "246813"
PAGES = ("/", "/sites", "/sites/ia-kly", "/meetings", "/meetings/1", "/meetings/1/edit", "/audit",
         "/labels", "/import/sites", "/import/meetings")  # fmt: skip


@pytest.fixture
def operator(house: House) -> Person:
    house.communes("ia-kly", "ia-o")
    return house.person("operator", Role.OPERATOR)


def shown(house: House) -> str:
    admin = house.person("boss", Role.ADMINISTRATOR)
    return "".join(admin.get(path).text for path in PAGES)


def test_a_site_s_own_values(house: House, operator: Person) -> None:
    fields = {"sip_user": "xa-ia-kly", "extension": "724001", "contact": "Rơ Châm H'Lan",
              "telephone": "0912 345 678"}  # fmt: skip
    assert operator.post("/sites/ia-kly/card", **fields, sip_password=PASSWORD).status_code == 303
    assert f'sip_password = "{PASSWORD}"' in operator.get("/sites/ia-kly/site.toml").text
    # Blank leaves it, and whoever looks only may call the person there.
    assert operator.post("/sites/ia-kly/card", **fields, sip_password="").status_code == 303
    with zipfile.ZipFile(io.BytesIO(operator.get("/sites/ia-kly/card.zip").content)) as packed:
        assert PASSWORD in packed.read("ia-kly/site.toml").decode()
    assert "0912 345 678" in house.person("guest", Role.VIEWER).get("/sites/ia-kly").text
    text = shown(house)
    assert "site changed" in text
    assert "sip_password" in text, "the audit names what was changed"
    assert PASSWORD not in text
    operator.post("/sites/ia-kly/card", **fields, no_password="yes")
    assert "[secrets]" not in operator.get("/sites/ia-kly/site.toml").text
    assert operator.post("/sites/ia-kly/card", **fields | {"extension": "a b"}).status_code == 400
    assert house.person("other", Role.VIEWER).post("/sites/ia-kly/card").status_code == 403


def test_a_conference_s_id_and_pin(house: House, operator: Person) -> None:
    place = house.place("Gia Lai", "Xã ia-kly")
    number = house.meeting(draft({place}, address="sip:7000@mcu.vn"))
    page = f"/meetings/{number}/edit"
    fields: dict[str, object] = {
        "title": "Giao ban", "begin": "2026-03-12T14:00", "minutes": "90", "place": place,
        "address": "sip:7000@mcu.vn", "conference_id": "724 999#",
    }  # fmt: skip
    assert operator.post(page, **fields, conference_pin=PIN).status_code == 303
    feed = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
    of_another = f"/feeds/{house.token('ia-o')}/ia-o.ics"
    text = operator.get(feed).text
    assert "X-DIEMCAU-CONFERENCE-ID:724999\r\n" in text
    assert f"X-DIEMCAU-CONFERENCE-PIN:{PIN}\r\n" in text
    assert "X-DIEMCAU-CONFERENCE" not in operator.get(of_another).text
    assert operator.post(page, **fields, conference_pin="").status_code == 303
    assert f"PIN:{PIN}" in operator.get(feed).text, "blank leaves it"
    assert "724999" in operator.get(f"/meetings/{number}").text
    assert PIN not in shown(house)
    wrong = operator.post(page, **fields, conference_pin=f"{PIN}x")
    assert wrong.status_code == 400
    assert PIN not in wrong.text
    assert operator.post(page, **fields, no_pin="yes").status_code == 303
    assert "CONFERENCE-PIN" not in operator.get(feed).text


def test_a_pin_without_an_id_is_asked_back(house: House, operator: Person) -> None:
    place = house.place("Gia Lai", "Xã ia-kly")
    answer = operator.post(
        "/meetings/new", title="Giao ban", begin="2026-03-12T14:00", minutes="90", place=place,
        address="", conference_id="72x", conference_pin=PIN,
    )  # fmt: skip
    assert answer.status_code == 400
    assert "chữ số" in answer.text


def test_the_sheets_bring_them(house: House, operator: Person) -> None:
    sites = (
        "Tên;Mã;Đơn vị;Tên đăng ký;Mật khẩu;Số máy;Người liên hệ;Điện thoại\n"
        f"Xã ia-kly;ia-kly;Gia Lai/Xã ia-kly;kly;{PASSWORD};724001;Ông Siu;0269 1\n"
        "Xã ia-o;ia-o;Gia Lai/Xã ia-o;;;;Bà Rmah;\n"
    )
    upload(operator, "/import/sites", sites)
    upload(operator, "/import/sites", "Tên;Mã;Đơn vị\nXã ia-kly;ia-kly;Gia Lai/Xã ia-kly\n")
    with house.database.reading() as session:
        one, other = session.get_one(Site, "ia-kly"), session.get_one(Site, "ia-o")
        assert (one.sip_user, one.sip_password, one.extension) == ("kly", PASSWORD, "724001")
        assert (one.contact, one.telephone) == ("Ông Siu", "0269 1")
        assert (other.sip_user, other.contact) == ("", "Bà Rmah")
    meetings = (
        "Nội dung;Ngày;Giờ;Địa chỉ;Thành phần;Mã hội nghị;Mã PIN\n"
        f"Giao ban;12/3/2026;14:00;sip:7000@mcu.vn;Xã ia-kly;724999;{PIN}\n"
    )
    upload(operator, "/import/meetings", meetings)
    feed = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
    assert f"X-DIEMCAU-CONFERENCE-PIN:{PIN}\r\n" in operator.get(feed).text
    moved = meetings.replace("14:00", "15:00").replace(f";724999;{PIN}", ";;")
    answer = upload(operator, "/import/meetings", moved)
    assert f"X-DIEMCAU-CONFERENCE-PIN:{PIN}\r\n" in operator.get(feed).text, "as it was"
    assert PIN not in answer + shown(house)
    assert PASSWORD not in shown_again(house)


def shown_again(house: House) -> str:
    other = house.person("boss2", Role.ADMINISTRATOR)
    return "".join(other.get(path).text for path in PAGES)


def upload(person: Person, path: str, content: str) -> str:
    answer = person.client.post(
        path, data={"csrf": person.csrf()}, files={"file": ("a.csv", content.encode(), "text/csv")}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.text)
