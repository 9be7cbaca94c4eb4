"""The agenda of the bring-up card: one meeting in which the box sees and hears itself. Pure."""

from datetime import UTC, datetime, timedelta

BEGAN_BEFORE = timedelta(minutes=1)
LENGTH = timedelta(minutes=40)
"""Longer than any hands need; the meeting is cancelled when its ten minutes are over."""
ADDRESS = "loopback:bring-up"


def agenda(now: float, *, wanted: bool) -> bytes:
    """A calendar (RFC 5545) at `now` (POSIX s): the meeting is on, or cancelled."""
    begin = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0) - BEGAN_BEFORE
    lines = (
        "BEGIN:VCALENDAR",
        "PRODID:-//diemcau//bring-up//VI",
        "VERSION:2.0",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1M",
        "BEGIN:VEVENT",
        "UID:bring-up@diemcau",
        f"DTSTAMP:{_utc(datetime.fromtimestamp(now, UTC))}",
        f"SEQUENCE:{int(now)}",
        f"DTSTART:{_utc(begin)}",
        f"DTEND:{_utc(begin + LENGTH)}",
        "SUMMARY:Họp thử: thấy chính mình",
        f"STATUS:{'CONFIRMED' if wanted else 'CANCELLED'}",
        f"CONFERENCE;VALUE=URI;FEATURE=VIDEO:{ADDRESS}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
