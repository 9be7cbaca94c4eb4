"""Why there is no agenda, or no fresh one: a closed set, the error that carries it, and what the
libraries raise."""

from enum import StrEnum


class FeedProblem(StrEnum):
    """Each is one short code on the screen and one sentence to the province."""

    EMPTY = "empty"  # nothing came
    TOO_LARGE = "too-large"  # more than `calendar_text.MAX_FEED_BYTES`, also after unpacking
    NOT_TEXT = "not-text"  # a picture, an archive, a certificate…
    LOGIN_PAGE = "login-page"  # HTML: a captive portal or a page that asks for a password
    NOT_CALENDAR = "not-a-calendar"  # text, but not iCalendar
    TRUNCATED = "truncated"  # a calendar that does not end
    UNREACHABLE = "unreachable"  # no name, no route, no answer, or it broke off
    TOO_SLOW = "too-slow"  # the whole transfer took longer than its deadline
    UNTRUSTED = "untrusted"  # the server's certificate is not one that this site trusts
    REFUSED = "refused"  # the server answered with an error
    REDIRECTED = "redirected"  # it sends to another host, or from https to http
    SHRUNKEN = "shrunken"  # more than half of the future is gone; not yet believed
    NOT_KEPT = "not-kept"  # read well, but cannot be written to the data folder
    NOT_YET = "not-yet"  # nothing fetched so far


class FeedError(ValueError):
    """A feed gives no agenda; ``problem`` says why in a word, the text in a sentence."""

    def __init__(self, problem: FeedProblem, detail: str) -> None:
        super().__init__(detail)
        self.problem = problem


LIBRARY_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError)
"""What icalendar, dateutil and recurring-ical-events raise on feeds that break the rules.

OSError is the tz database's, asked for a zone named like one of its folders (``TZID=Asia``).
"""
