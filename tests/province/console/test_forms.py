"""Forms that cost their reader more than their sender, at each address that takes one."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Message

from appliance.wire.enrolment import ENROL, RENEW
from appliance.wire.head_count import HEADS
from services.province.accounts import Role
from services.province.console.forms import MAX_FIELDS, MAX_FORM_BYTES
from services.province.console.login import MAX_LOGIN_BYTES
from services.province.importing.table import MAX_FILE_BYTES
from services.province.settings import Settings
from services.province.storage.database import Database
from tests.province.console.devices import ProvinceWithDevices
from tests.province.in_process import NOON, PASSWORD, Person, draft

pytestmark = pytest.mark.case("K11")
KNOWN = {
    "site_id": "ia-kly",
    "meeting_id": 1,
    "group_id": 1,
    "account_id": 1,
    "instance": int(NOON),
    "proof": "A" * 16,
}
URLENCODED = "application/x-www-form-urlencoded"
AT_ONCE_S = 2.0
"""The form of 300 kB took 38 s; a busy machine needs some of these."""


@pytest.fixture
def house(migrated: Path, tmp_path: Path) -> Iterator[ProvinceWithDevices]:
    """On SQLite alone: no form comes to the database."""
    database = Database(f"sqlite:///{shutil.copy(migrated, tmp_path / 'province.db')}")
    settings = Settings(
        url="http://testserver", broker="mqtts://tinh.example:8883", calendar_hosts=("localhost",)
    )
    made = ProvinceWithDevices(database, tmp_path, settings)
    made.communes("ia-kly")
    made.meeting(draft({made.place("Gia Lai")}))
    yield made
    database.close()


def posts(house: ProvinceWithDevices) -> list[str]:
    """All addresses of pages that take a form."""
    paths = house.app.openapi()["paths"]
    found = [path for path, methods in paths.items() if "post" in methods]
    return [path.format(**KNOWN) for path in found if path not in (ENROL, RENEW)]


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def forms(csrf: str) -> dict[str, tuple[str, bytes]]:
    """Kind and body of each; the token is right, so that a page reads on."""
    large = b"x" * (MAX_FORM_BYTES + 1)
    token = f"csrf={csrf}&".encode()
    multipart = "multipart/form-data; boundary=b"
    parts, pairs = part("csrf", csrf.encode()), part("n", b"a-" * 150_000)
    return {
        "punycode": (f"{multipart}; charset=punycode", parts + pairs + b"--b--"),
        "idna": (f"{multipart}; charset=idna", parts + part("name", b"a." * 5_000) + b"--b--"),
        "unicode escape": (f"{multipart}; charset=unicode_escape", parts + b"--b--"),
        "base64": (f'{multipart}; charset="base64"', parts + b"--b--"),
        "utf-7": (f"{URLENCODED}; charset=utf-7", token),
        "large": (URLENCODED, token + large),
        "fields": (URLENCODED, token + b"&".join(b"a=" for _ in range(MAX_FIELDS + 1))),
        "no utf-8": (URLENCODED, token + b"name=%ff%fe"),
        "half a letter": (URLENCODED, token + b"name=%ed%a0%80"),
        "raw latin-1": (URLENCODED, token + b"name=\xe9"),
        "no boundary": ("multipart/form-data", parts + b"--b--"),
        "long boundary": (f"multipart/form-data; boundary={'b' * 5000}", parts),
        "json": ("application/json", b'{"csrf": "' + csrf.encode() + b'"}'),
        "kind": ("text/plain; charset=utf-8", token),
        "parts": (multipart, parts + part("a", b"") * MAX_FIELDS + b"--b--"),
        "files": (multipart, parts + part("file", b"a", '; filename="a"') * 2 + b"--b--"),
        "headers": (multipart, parts + b"--b\r\n" + b"X-A: b\r\n" * 200 + b"\r\n\r\n--b--"),
        "header": (multipart, parts + part("a" * 5_000, b"") + b"--b--"),
        "part": (multipart, parts + part("name", large) + b"--b--"),
        "latin-1 part": (multipart, parts + part("name", b"\xe9") + b"--b--"),
        "no name": (multipart, parts + b"--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--"),
        "cut": (multipart, parts[:-20]),
    }  # fmt: skip


def send(person: Person, path: str, kind: str, body: bytes) -> tuple[int, float]:
    began = time.monotonic()
    answer = person.client.post(path, content=body, headers={"Content-Type": kind})
    return answer.status_code, time.monotonic() - began


@pytest.mark.timeout(300)
def test_each_address_refuses_each_of_them_at_once(house: ProvinceWithDevices) -> None:
    """The others wait meanwhile."""
    admin = house.person("admin", Role.ADMINISTRATOR)
    addresses = posts(house)
    assert len(addresses) > 20
    assert {"/login", "/import/meetings", "/devices/approve"} <= set(addresses)
    for path in addresses:
        for name, (kind, body) in forms(admin.csrf()).items():
            status, took_s = send(admin, path, kind, body)
            # To the page without a log-in one site sends only so many.
            refusals = (400, 413, 429) if path.startswith(HEADS) else (400, 413)
            assert status in refusals, (path, name)
            assert took_s < AT_ONCE_S, (path, name)
    assert admin.get("/").status_code == 200


def test_a_file_is_taken_where_a_page_asks_for_one(house: ProvinceWithDevices) -> None:
    lan = house.person("lan", Role.OPERATOR)
    sheet = "Mã,Tên điểm cầu,Đơn vị\r\nia-o,Xã Ia O,Gia Lai/Xã Ia O\r\n"
    files = {"file": ("xã.csv", sheet.encode())}
    answer = lan.client.post("/import/sites", data={"csrf": lan.csrf()}, files=files)
    assert answer.status_code == 200
    assert lan.get("/sites/ia-o").status_code == 200
    for path in ("/sites", "/meetings/new", "/login"):
        answer = lan.client.post(path, data={"csrf": lan.csrf()}, files=files)
        assert answer.status_code == 400, path
    large = {"file": ("a.csv", b"x" * (MAX_FILE_BYTES + 1))}
    answer = lan.client.post("/import/sites", data={"csrf": lan.csrf()}, files=large)
    assert answer.status_code == 400
    assert "8 MB" in answer.text


def test_an_ordinary_form_is_read_whole(house: ProvinceWithDevices) -> None:
    lan = house.person("lan", Role.OPERATOR)
    for number, kind in enumerate(
        (f"{URLENCODED}; charset=UTF-8", f'{URLENCODED};charset="utf-8"')
    ):
        body = f"csrf={lan.csrf()}&id=x-{number}&name=X%C3%A3+%E2%80%9CA%E2%80%9D&place=Gia+Lai"
        assert send(lan, "/sites", kind, body.encode())[0] == 303
        assert "Xã “A”" in lan.get(f"/sites/x-{number}").text
    places = "&".join(f"place={number}" for number in range(1, 3000))
    begin = "2026-03-13T08:00"
    body = f"csrf={lan.csrf()}&title=A&begin={begin}&minutes=60&repeat=&until=&address=&{places}"
    assert send(lan, "/meetings/new", URLENCODED, body.encode())[0] in (303, 400)


def test_letters_that_nobody_sees_are_not_part_of_a_name(house: ProvinceWithDevices) -> None:
    lan = house.person("lan", Role.OPERATOR)
    assert lan.post(
        "/sites", id="ia-o", name="Xã\u200b Ia\u202e O\x08", place="Gia Lai"
    ).is_redirect
    assert "Xã Ia O" in lan.get("/sites/ia-o").text


def test_the_door_takes_a_name_and_a_password_and_no_more(house: ProvinceWithDevices) -> None:
    house.person("lan", Role.VIEWER)
    stranger = house.stranger()
    door = {"name": "lan", "password": PASSWORD, "next": "/sites"}
    large = stranger.post("/login", data=door | {"more": "x" * MAX_LOGIN_BYTES})
    assert large.status_code == 413
    assert stranger.post("/login", data=door).headers["location"] == "/sites"


async def test_who_goes_away_within_a_form_is_no_error(house: ProvinceWithDevices) -> None:
    """Each such request put a hundred lines into the log."""

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    for path in ("/login", ENROL, RENEW):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "method": "POST",
            "path": path, "raw_path": path.encode(), "query_string": b"", "http_version": "1.1",
            "scheme": "http", "server": ("testserver", 80), "client": ("10.0.0.1", 1),
            "root_path": "", "headers": [(b"host", b"testserver"), (b"content-length", b"9")],
        }  # fmt: skip
        await house.app(scope, receive, send)
        assert sent[0]["status"] == 400, path
