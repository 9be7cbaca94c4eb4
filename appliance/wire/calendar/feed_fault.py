"""Why there is no agenda, or no fresh one: a small closed set, and the error that carries it."""

from enum import StrEnum


class FeedProblem(StrEnum):
    """Each is one short code on the screen and one sentence to the province."""

    EMPTY = "empty"  # nothing came
    TOO_LARGE = "too-large"  # more than `calendar_text.LARGEST`, also after unpacking
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
    """A feed gives no agenda; ``fault`` says why in a word, the text in a sentence."""

    def __init__(self, fault: FeedProblem, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
