"""A feed with one meeting, as a province publishes it."""

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vUri


def agenda(address: str, begin: datetime, length: timedelta = timedelta(hours=1)) -> bytes:
    """One meeting as the province would publish it (RFC 5545, CONFERENCE of RFC 7986)."""
    calendar = Calendar()
    calendar.add("prodid", "-//diemcau//demo//VI")
    calendar.add("version", "2.0")
    calendar.add("refresh-interval", timedelta(minutes=1), parameters={"VALUE": "DURATION"})
    event = Event()
    event.add("uid", f"demo-{begin:%Y%m%dT%H%M%S}@diemcau")
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", begin)
    event.add("dtend", begin + length)
    event.add("summary", "Giao ban trực tuyến với các xã, phường")
    event.add("organizer", "mailto:chutri@tinh.example", parameters={"CN": "UBND tỉnh Gia Lai"})
    event.add("conference", vUri(address), parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    calendar.add_component(event)
    return bytes(calendar.to_ical())
