"""Cuts the bytes of a feed into iCalendar components, and says why where they are none.

Done before any library sees them, for three reasons: a broken event must cost that event only, a
truncated calendar must be told from a short one, and lines that nobody here reads (alarms,
attachments of a megabyte) need not be parsed on a small machine. RFC 5545 section 3.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.wire.calendar.feed_problem import FeedError, FeedProblem

MAX_FEED_BYTES = 2_000_000
"""Bytes of a feed, unpacked: some years of a whole province; the next size is a mistake."""

MAX_EVENTS = 5000
"""Events of one feed; more is the calendar of something else."""

_TOP = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"})
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Component:
    """One VEVENT or VTIMEZONE as unfolded lines, without BEGIN and END of its own.

    Lines of what is nested in an event (VALARM) are left out; a zone keeps its STANDARD and
    DAYLIGHT. ``whole`` is False where the end is missing.
    """

    name: str
    lines: list[str] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class CalendarText:
    """One VCALENDAR: its own lines and its components, in the order of the feed."""

    lines: list[str] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    whole: bool = False

    def value(self, *names: str) -> str:
        """The value of the first of these properties that stands here; "" for none."""
        for name in names:
            for line in self.lines:
                head, _, value = line.partition(":")
                if head.partition(";")[0].upper() == name:
                    return value.strip()
        return ""


def split_feed(feed: bytes) -> tuple[list[CalendarText], tuple[str, ...]]:
    """The calendars of a feed (mostly one) and the problems met on the way.

    Line ends may be CRLF, LF or CR, a BOM may stand in front, lines may be folded in the middle of
    a letter of several bytes. Raises `FeedError` for what is no calendar, or does not end.
    """
    lines, problems = _lines(feed)
    calendars = _calendars(lines)
    if not calendars:
        raise _no_calendar(feed)
    if not calendars[-1].whole:
        raise FeedError(
            FeedProblem.TRUNCATED, f"the calendar does not end: {len(feed)} bytes came, no END"
        )
    count = sum(len(calendar.components) for calendar in calendars)
    if count > MAX_EVENTS:
        raise FeedError(FeedProblem.TOO_LARGE, f"{count} events, more than {MAX_EVENTS}")
    return calendars, problems


def _lines(feed: bytes) -> tuple[list[str], tuple[str, ...]]:
    if len(feed) > MAX_FEED_BYTES:
        raise FeedError(FeedProblem.TOO_LARGE, f"{len(feed)} bytes, more than {MAX_FEED_BYTES}")
    text = feed.removeprefix(_BOM)
    if feed.startswith((b"\xff\xfe", b"\xfe\xff")):  # as Windows' Notepad saves "Unicode"
        text = feed.decode("utf-16", errors="replace").encode(errors="replace")
    if not text.strip():
        raise FeedError(FeedProblem.EMPTY, "the feed is empty")
    if b"\0" in text:
        raise FeedError(FeedProblem.NOT_TEXT, "the feed is not text: it holds zero bytes")
    text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = re.sub(rb"\n+", b"\n", text)
    # Unfolded as bytes: producers that count bytes fold inside a Vietnamese letter.
    text = text.replace(b"\n ", b"").replace(b"\n\t", b"")
    problems: tuple[str, ...] = ()
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        if b"BEGIN:VCALENDAR" not in text[:1000].upper():
            raise FeedError(FeedProblem.NOT_TEXT, "the feed is not text in UTF-8") from error
        # One wrong letter in one title must not cost the agenda.
        decoded = text.decode(errors="replace")
        problems = (
            "some letters of the feed are not UTF-8 and are shown as \N{REPLACEMENT CHARACTER}",
        )
    return decoded.split("\n"), problems


def _no_calendar(feed: bytes) -> FeedError:
    start = feed.removeprefix(_BOM)[:4096].lstrip().lower()
    if start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start):
        return FeedError(
            FeedProblem.LOGIN_PAGE, "a web page came in place of a calendar: a login or a portal"
        )
    return FeedError(FeedProblem.NOT_CALENDAR, "text came, but no iCalendar (no BEGIN:VCALENDAR)")


def _calendars(lines: list[str]) -> list[CalendarText]:
    calendars: list[CalendarText] = []
    open_calendar: CalendarText | None = None
    component: Component | None = None
    inner: list[str] = []
    for verb, name, line in _words(lines):
        if verb == "BEGIN" and name == "VCALENDAR":
            open_calendar, component = CalendarText(), None
            calendars.append(open_calendar)
        elif open_calendar is None:
            continue
        elif verb == "END" and name == "VCALENDAR":
            _leave_open(component)
            open_calendar.whole, open_calendar, component = True, None, None
        elif verb == "BEGIN" and (name in _TOP or component is None):
            _leave_open(component)
            component, inner = Component(name), []
            open_calendar.components.append(component)
        elif component is None:
            open_calendar.lines.append(line)
        elif verb == "END" and name == component.name:
            component = None
        else:
            _take(component, inner, verb, name, line)
    return calendars


def _words(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        head, _, tail = line.partition(":")
        verb = head.strip().upper()
        yield (verb, tail.strip().upper(), line) if verb in ("BEGIN", "END") else ("", "", line)


def _leave_open(component: Component | None) -> None:
    if component is not None:
        component.whole = False


def _take(component: Component, inner: list[str], verb: str, name: str, line: str) -> None:
    if component.name == "VTIMEZONE" or not (inner or verb):
        component.lines.append(line)
    if verb == "BEGIN":
        inner.append(name)
    elif verb == "END" and name in inner:
        del inner[inner.index(name) :]
    elif verb == "END":
        component.whole = False
