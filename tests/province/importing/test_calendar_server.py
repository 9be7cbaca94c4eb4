"""What the province publishes, in other hands: `icalendar`, and a CalDAV client with Radicale.

And the other way: meetings of a calendar on Radicale become the province's own.
"""

import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events
import trustme

from services.province.accounts import Role
from services.province.importing.table import MAX_FILE_BYTES
from services.province.schedule import meetings
from services.province.schedule.feeds import site_feed
from services.province.schedule.meetings import get_meeting
from services.province.settings import Settings
from services.province.sites.tree import get_site
from services.province.storage.database import Database
from tests.peers.radicale import PASSWORD, USER, Radicale, radicale
from tests.province.feed import DAY, agenda
from tests.province.importing.uploads import SERIES, event, ics
from tests.province.in_process import ADDRESS, NOON, House, Person, draft

FIRST = NOON + 3600.0
DAYS = 40.0
Taking = set[tuple[str, float, float, str]]
"""UID, begin and end in POSIX seconds, and title of all that takes place."""


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with radicale() as running:
        yield running


def fill(house: House) -> None:
    """One commune, and a meeting of every kind that a feed can hold."""
    house.communes("ia-kly")
    place = house.place("Gia Lai")
    house.meeting(draft({place}))
    house.meeting(draft({place}, title='Họp "khẩn"; a,b \\ ' + "dài " * 40, free=True))
    daily = house.meeting(draft({place}, title="Hằng ngày", rule="FREQ=DAILY"))
    house.meeting(
        draft({place}, title="Hai tuần", rule="FREQ=WEEKLY;INTERVAL=2;UNTIL=20260410T165959Z")
    )
    # Its hour on the wall stays while the clocks there go forward on 29 March.
    house.meeting(draft({place}, title="Berlin", rule="FREQ=WEEKLY", zone="Europe/Berlin"))
    off = house.meeting(draft({place}, title="Hủy"))
    with house.database.writing() as session:
        meeting = get_meeting(session, daily)
        meetings.cancel_occurrence(session, meeting, FIRST + DAY, house.now)
        at = FIRST + 2 * DAY
        meetings.move_occurrence(session, meeting, at, at + 5 * DAY + 1800.0, 3600.0, house.now)
        meetings.cancel(get_meeting(session, off), house.now)


def published(house: House) -> icalendar.Calendar:
    with house.database.reading() as session:
        body = site_feed(session, get_site(session, "ia-kly"), house.now)
    found = icalendar.Calendar.from_ical(body)
    assert isinstance(found, icalendar.Calendar)
    return found


def joined(house: House) -> Taking:
    """What the site itself would join."""
    found = agenda(house, "ia-kly", DAYS).meetings
    return {(one.uid.split("/")[0], one.begin, one.end, one.title) for one in found}


def told(events: list[Any]) -> Taking:
    return {
        (
            str(one["UID"]), one.decoded("DTSTART").timestamp(), one.decoded("DTEND").timestamp(),
            str(one.get("SUMMARY", "")),
        )
        for one in events
        if one.get("STATUS") != "CANCELLED"
    }  # fmt: skip


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def test_icalendar_reads_what_the_sites_read(house: House) -> None:
    fill(house)
    calendar = published(house)
    assert [part.errors for part in calendar.walk() if part.errors] == []
    begin, end = moment(NOON), moment(NOON + DAYS * DAY)
    found = recurring_ical_events.of(calendar).between(begin, end)
    assert told(found) == joined(house)
    assert len(joined(house)) > 45
    for one in calendar.events:
        assert one.get("CONFERENCE") == ADDRESS
        assert one["CONFERENCE"].params["FEATURE"] == ["AUDIO", "VIDEO"]


def test_a_calendar_server_keeps_and_gives_back_what_the_sites_read(
    house: House, server: Radicale
) -> None:
    fill(house)
    calendar = published(house)
    by_uid: dict[str, list[icalendar.Component]] = defaultdict(list)
    for one in calendar.events:
        by_uid[str(one["UID"])].append(one)
    name = f"feed-{house.database.url.get_backend_name()}"
    with server.calendar(name) as kept:
        for events in by_uid.values():  # one resource a UID (RFC 4791 section 4.1)
            resource = icalendar.Calendar(calendar)
            del resource["METHOD"]  # section 4.1 again: it is for sending
            for part in (*calendar.timezones, *events):
                resource.add_component(part)
            kept.add_event(resource.to_ical().decode())
        begin, end = moment(NOON), moment(NOON + DAYS * DAY)
        found = kept.search(event=True, start=begin, end=end, expand=True)
        assert told([one.icalendar_component for one in found]) == joined(house)


@pytest.fixture
def importing(database: Database, server: Radicale) -> House:
    """A province that may ask that server."""
    settings = Settings(
        url="http://testserver", calendar_hosts=("localhost",), calendar_ca=str(server.ca)
    )
    house = House(database, settings=settings)
    house.communes("ia-kly")
    return house


def take(person: Person, house: House, url: str, **changes: str) -> tuple[int, str]:
    place = str(house.place("Gia Lai"))
    fields = {"url": url, "user": USER, "password": PASSWORD, "place": place}
    answer = person.post("/import/calendar", **{**fields, **changes})
    return answer.status_code, answer.text


MOVED = (
    "UID:a@x", "SUMMARY:Giao ban",
    "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260314T080000",
    "DTSTART;TZID=Asia/Ho_Chi_Minh:20260314T100000",
    "DTEND;TZID=Asia/Ho_Chi_Minh:20260314T110000",
)  # fmt: skip


def test_a_calendar_of_a_server_is_taken_in_and_again(importing: House, server: Radicale) -> None:
    lan = importing.person("lan", Role.OPERATOR)
    assert "/import/calendar" in lan.get("/import/meetings").text
    with server.calendar(f"import-{importing.database.url.get_backend_name()}") as kept:
        url = str(kept.url)
        assert "ịch không có cuộc họp nào ghi giờ." in take(lan, importing, url)[1]
        kept.add_event(ics(event(*SERIES, "RRULE:FREQ=DAILY;COUNT=3"), event(*MOVED)).decode())
        single = event("UID:b@x", "SUMMARY:Đột xuất", "DTSTART:20260313T010000Z", "DURATION:PT1H")
        old = event("UID:c@x", "SUMMARY:Năm ngoái", "DTSTART:20250313T010000Z", "DURATION:PT1H")
        kept.add_event(ics(old).decode())
        one = kept.add_event(ics(single).decode())
        status, page = take(lan, importing, url)
        assert (status, "2 mới, 0 thay đổi" in page) == (200, True), page
        found = sorted((begin, title) for _, begin, _, title in joined(importing))
        eight = datetime.fromisoformat("2026-03-13T08:00+07:00").timestamp()
        assert found == [
            (eight, "Giao ban"), (eight, "Đột xuất"), (eight + DAY + 7200.0, "Giao ban"),
            (eight + 2 * DAY, "Giao ban"),
        ]  # fmt: skip
        one.data = one.data.replace("SUMMARY:Đột xuất", "SUMMARY:Đổi tên")
        one.save()
        status, page = take(lan, importing, url)
        assert (status, "0 mới, 1 thay đổi, 1 như cũ" in page) == (200, True), page
        assert "Đổi tên" in {title for *_, title in joined(importing)}
        assert len(joined(importing)) == 4
    audit = importing.person("admin", Role.ADMINISTRATOR).get("/audit").text
    assert "calendar imported" in audit
    assert PASSWORD not in audit


def test_a_server_that_is_not_ours_is_not_asked(importing: House, server: Radicale) -> None:
    lan = importing.person("lan", Role.OPERATOR)
    port = server.url.rpartition(":")[2]
    for url, said in (
        ("https://127.0.0.1:1/", "Chỉ lấy lịch từ các máy chủ sau: localhost"),
        ("https://localhost.evil.example/", "Chỉ lấy lịch từ"),
        (f"http://localhost:{port}/van/", "bắt đầu bằng https://"),
        ("file:///etc/passwd", "bắt đầu bằng https://"),
        (f"https://van:x@localhost:{port}/van/", "không chứa tên hay mật khẩu"),
        ("https://[", "bắt đầu bằng https://"),
        ("https://localhost:1/", "không cung cấp được cuộc họp"),
        ("https://localhost:99999/", "không cung cấp được cuộc họp"),
        (f"{server.url}/van/nothing/", "không cung cấp được cuộc họp"),
    ):
        status, page = take(lan, importing, url)
        assert (status, said in page) == (400, True), (url, page)
        assert PASSWORD not in page
    for wrong in ({"password": "x"}, {"user": "nobody"}, {"user": "", "password": ""}):
        status, page = take(lan, importing, f"{server.url}/van/", **wrong)
        assert (status, "từ chối tên và mật khẩu" in page) == (400, True), (wrong, page)
    an = importing.person("an", Role.VIEWER)
    assert an.get("/import/calendar").status_code == 403


ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "a page": (200, {"Content-Type": "text/html"}, b"<html><body>Xin ch\xc3\xa0o"),
    "half an answer": (207, {"Content-Type": "text/xml"}, b'<d:multistatus xmlns:d="DAV:"><d:resp'),
    "nothing": (207, {"Content-Type": "text/xml"}, b""),
    "another document": (207, {"Content-Type": "text/xml"}, b"<x/>"),
    "no room": (500, {}, b"no room"),
    "too much": (207, {"Content-Type": "text/xml"}, b"x" * (MAX_FILE_BYTES + 1)),
    "elsewhere": (302, {"Location": "https://localhost:1/"}, b""),
    "entities": (
        207, {"Content-Type": "text/xml"},
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><d:multistatus xmlns:d="DAV:">'
        b"<d:response><d:href>/a</d:href><d:propstat><d:prop><c:calendar-data "
        b'xmlns:c="urn:ietf:params:xml:ns:caldav">&a;</c:calendar-data></d:prop>'
        b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_a_server_that_answers_something_else(importing: House, tmp_path: Path, what: str) -> None:
    with answering(tmp_path, *ANSWERS[what]) as (url, ca):
        settings = replace(importing.settings, calendar_ca=ca)
        house = House(importing.database, settings=settings)
        status, page = take(house.person("lan", Role.OPERATOR), house, url)
    assert (status, 'role="alert"' in page) == (400, True), page
    assert "root:" not in page


@contextmanager
def answering(
    folder: Path, status: int, headers: dict[str, str], body: bytes
) -> Iterator[tuple[str, str]]:
    """A server that says the same to everybody, and the file with its authority."""

    class Same(BaseHTTPRequestHandler):
        def do_REPORT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # who asked may have heard enough
                self.wfile.write(body)

        do_PROPFIND = do_GET = do_OPTIONS = do_REPORT  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Not into the test's output."""

    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Same)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}/van/", str(folder / "ca.pem")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


def test_a_certificate_of_nobody_we_know_is_refused(database: Database, server: Radicale) -> None:
    house = House(database, settings=Settings(calendar_hosts=("localhost",)))
    house.communes("ia-kly")
    lan = house.person("lan", Role.OPERATOR)
    status, page = take(lan, house, f"{server.url}/van/")
    assert (status, "không cung cấp được cuộc họp" in page) == (400, True)


def test_without_a_server_named_there_is_no_such_page(house: House) -> None:
    lan = house.person("lan", Role.OPERATOR)
    assert lan.get("/import/calendar").status_code == 404
    assert lan.post("/import/calendar", url="https://localhost/").status_code == 404
    assert "/import/calendar" not in lan.get("/import/meetings").text
