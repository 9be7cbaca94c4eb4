"""Devices on the console: a code compared, a device let in, replaced, and its certificate taken."""

from pathlib import Path
from urllib.parse import quote

import pytest

from appliance.wire.enrolment import (
    ENROL,
    EnrolState,
    claim_link,
)
from services.province.accounts import Role
from services.province.storage.database import Database
from tests.province.console.devices import ProvinceWithDevices, device


def test_a_device_is_let_in_by_its_code_and_taken_out_again(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly")
    operator = house.person("vân", Role.OPERATOR)
    box = device()
    assert house.asks(box).state is EnrolState.PENDING
    (waiting,) = house.enrolment.pending(house.now)
    page = operator.get("/devices").text
    assert waiting.claim in page
    assert "100000001" in page
    wrong = operator.post("/devices/approve", claim="AAAA-AAAA", site="ia-kly")
    assert wrong.status_code == 400
    assert "Không có thiết bị nào chờ với mã này" in wrong.text
    assert house.asks(box).state is EnrolState.PENDING
    assert operator.post("/devices/approve", claim=waiting.claim, site="ia-kly").status_code == 303
    assert house.asks(box).state is EnrolState.APPROVED
    assert house.approved() == {"ia-kly"}
    assert operator.post("/devices/revoke", site="ia-kly").status_code == 303
    assert house.approved() == set()
    assert house.asks(box).state is EnrolState.REFUSED


def test_a_revoked_devices_agenda_has_a_new_address(database: Database, tmp_path: Path) -> None:
    """The old one stood on its card, which somebody else may have now."""
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly", "ia-o")
    operator = house.person("vân", Role.OPERATOR)
    box = device()
    house.asks(box)
    (waiting,) = house.enrolment.pending(house.now)
    operator.post("/devices/approve", claim=waiting.claim, site="ia-kly")
    old, others = (f"/feeds/{house.token(site)}/{site}.ics" for site in ("ia-kly", "ia-o"))
    assert house.stranger().get(old).status_code == 200
    answer = operator.post("/devices/revoke", site="ia-kly")
    told = operator.get(answer.headers["location"]).text
    assert "lịch họp của Xã ia-kly có địa chỉ mới" in told
    assert house.stranger().get(old).status_code == 404
    assert house.stranger().get(others).status_code == 200
    file = operator.get("/sites/ia-kly/site.toml").text
    new = f"/feeds/{house.token('ia-kly')}/ia-kly.ics"
    assert new in file
    assert house.stranger().get(new).status_code == 200
    strange = operator.get("/devices?revoked=%3Cb%3Ex").text
    assert "địa chỉ mới" not in strange


@pytest.mark.case("K13")
def test_a_ledger_that_cannot_be_read_or_written_is_a_sentence(
    database: Database, tmp_path: Path
) -> None:
    """And it lets nobody in halfway."""
    house = ProvinceWithDevices(database, tmp_path / "ledger")
    house.communes("ia-kly", "ia-o")
    operator = house.person("vân", Role.OPERATOR)
    first, second = device(), device("ia-o", "100000002")
    house.asks(first)
    (waiting,) = house.enrolment.pending(house.now)
    (file,) = (tmp_path / "ledger").glob("*.json")
    whole = file.read_bytes()
    file.unlink()
    file.mkdir()  # nothing can be renamed onto it, whoever one is
    assert house.stranger().post(ENROL, content=first.payload).status_code == 503
    file.rmdir()
    file.write_bytes(whole[:-20])
    assert house.stranger().post(ENROL, content=first.payload).status_code == 503
    assert house.asks(second).state is EnrolState.PENDING
    file.write_bytes(whole)
    (tmp_path / "ledger").rename(tmp_path / "away")
    (tmp_path / "ledger").symlink_to(tmp_path / "nowhere/at all")
    answer = operator.post("/devices/approve", claim=waiting.claim, site="ia-kly")
    assert answer.status_code in (400, 503)
    (tmp_path / "ledger").unlink()
    (tmp_path / "away").rename(tmp_path / "ledger")
    assert operator.post("/devices/approve", claim=waiting.claim, site="ia-kly").status_code == 303


def test_a_second_device_of_a_site_comes_in_its_place_only(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly")
    operator = house.person("vân", Role.OPERATOR)
    first, second = device(), device(serial="100000002")
    for box, more in ((first, {}), (second, {}), (second, {"instead": "yes"})):
        house.asks(box)
        (waiting,) = house.enrolment.pending(house.now)
        answer = operator.post("/devices/approve", claim=waiting.claim, site="ia-kly", **more)
        if box is second and not more:
            assert answer.status_code == 400
            assert "đã có thiết bị" in answer.text
        else:
            assert answer.status_code == 303
    assert house.asks(first).state is EnrolState.REFUSED
    assert house.asks(second).state is EnrolState.APPROVED


def test_a_viewer_lets_nobody_in(database: Database, tmp_path: Path) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly")
    viewer = house.person("an", Role.VIEWER)
    house.asks(device())
    (waiting,) = house.enrolment.pending(house.now)
    for path in ("approve", "decline", "revoke"):
        assert (
            viewer.post(f"/devices/{path}", claim=waiting.claim, site="ia-kly").status_code == 403
        )
    assert house.enrolment.pending(house.now) == [waiting]


def test_a_site_file_names_the_broker_and_a_copied_identity_is_seen(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly")
    operator = house.person("vân", Role.OPERATOR)
    file = operator.get("/sites/ia-kly/site.toml")
    assert 'broker = "mqtts://tinh.example:8883"' in file.text
    house.reports("ia-kly", 1)
    house.reports("ia-kly", 2, kind="identity", reason="two serials")
    assert "Có hai thiết bị cùng báo" in operator.get("/sites/ia-kly").text


def test_the_code_on_the_tv_leads_to_the_device_that_shows_it(
    database: Database, tmp_path: Path
) -> None:
    house = ProvinceWithDevices(database, tmp_path)
    house.communes("ia-kly", "ia-o")
    house.asks(device())
    house.now += 60.0
    house.asks(device("ia-o", "100000002"))
    first, second = house.enrolment.pending(house.now)
    path = claim_link("https://tinh.example", second.claim).removeprefix("https://tinh.example")
    at_the_door = house.stranger().get(path)
    assert at_the_door.headers["location"] == "/login?next=" + quote(path)
    operator = house.person("vân", Role.OPERATOR)
    page = operator.get(path).text
    assert page.index(second.claim) < page.index(first.claim)
    assert page.count('class="new"') == 1
    lower = second.claim.replace("-", "").lower()
    assert operator.get(f"/devices?claim={lower}").text.count('class="new"') == 1
    assert house.enrolment.pending(house.now) == [first, second]  # to look lets nobody in
    assert operator.get("/devices?claim=%00").status_code == 200
    for strange in ("AAAA-AAAA", "<b>x</b>", "x" * 500):
        unknown = operator.get(f"/devices?claim={strange}")
        assert (unknown.status_code, "<b>x" in unknown.text) == (200, False)
        assert "Không có thiết bị nào chờ với mã" in unknown.text
