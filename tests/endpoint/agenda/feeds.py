"""A feed of meetings in March 2026, and the reader that a site has of it."""

from pathlib import Path
from zoneinfo import ZoneInfo

from services.endpoint.agenda.feed import Feed, FeedState
from tests.peers.calendar_server import CalendarServer

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = 1_772_000_000.0  # 2026-02-25 13:13 there
DAY = 86400.0


def calendar(*days: int, cancelled: tuple[int, ...] = ()) -> bytes:
    """Meetings at nine on these days of March 2026."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for day in (*days, *cancelled):
        off = ["STATUS:CANCELLED"] if day in cancelled else []
        lines += ["BEGIN:VEVENT", f"UID:d{day}", f"DTSTART:202603{day:02d}T090000", "DURATION:PT1H"]
        lines += [f"SUMMARY:Họp ngày {day}", "CONFERENCE;VALUE=URI;FEATURE=VIDEO:sip:1@mcu", *off]
        lines += ["END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def feed(server: CalendarServer | str, folder: Path, **fields: object) -> Feed:
    source = server if isinstance(server, str) else server.url()
    return Feed(source, folder, zone=ZONE, **fields)  # type: ignore[arg-type]


def uids(state: FeedState) -> list[str]:
    return [meeting.uid for meeting in state.agenda.meetings]
