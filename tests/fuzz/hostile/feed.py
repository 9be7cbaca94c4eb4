"""A calendar's server that gives spoiled calendars, redirects, and what is no calendar."""

from collections.abc import Sequence

import httpx

from tests.fuzz.hostile.mutations import Mutations

PLACES = (
    "http://127.0.0.1:99999/",
    "http://[",
    "http://xn--/",
    "/",
    "",
    "//",
    "file:/",
    "http://a b/",
)
EMPTY = b"BEGIN:VCALENDAR\r\nPRODID:-//hostile//VI\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
TOO_LARGE = 6 * 2**20


class HostileFeed(httpx.AsyncBaseTransport):
    """Answers in place of a network, which httpx needs a kernel's socket for."""

    def __init__(self, mutations: Mutations, calendars: Sequence[str]) -> None:
        self._mutations = mutations
        self._random = mutations.random
        self._calendars = calendars
        self._asked = False
        """Its first answer is right: a box that never heard of a meeting dials nobody."""
        self.meetings = ""
        """Components that stand in every calendar that has an end: what is to be dialled."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One of the calendars, spoiled or not; or something else."""
        kind = self._random.random() if self._asked else 1.0
        self._mutations.inputs += kind < 0.3
        self._mutations.spoiled += kind < 0.3
        if kind < 0.15:
            place = self._random.choice(PLACES)
            return httpx.Response(302, headers={"Location": place}, request=request)
        if kind < 0.2:
            encoded = {"Content-Encoding": self._random.choice(("gzip", "br", "x-gzip"))}
            stream = httpx.ByteStream(self._mutations.bytes_of(b"\x1f\x8b" * 50))
            return httpx.Response(200, headers=encoded, stream=stream, request=request)
        if kind < 0.25:
            status = self._random.choice((100, 204, 206, 304, 401, 500, 599))
            return httpx.Response(status, stream=httpx.ByteStream(b"?"), request=request)
        if kind < 0.3:
            body = b"BEGIN:VCALENDAR\r\n" + b"X" * TOO_LARGE
            return httpx.Response(200, stream=httpx.ByteStream(body), request=request)
        if not self._asked:
            self._asked = True
            body = EMPTY
        else:
            body = self._mutations.text(self._random.choice(self._calendars))
        end = body.rfind(b"END:VCALENDAR")
        body = body[:end] + self.meetings.encode() + body[end:] if end >= 0 else body
        return httpx.Response(200, stream=httpx.ByteStream(body), request=request)
