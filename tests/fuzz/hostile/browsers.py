"""Browsers that mean no good: every address with odd values, and requests that are none."""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from tests.fuzz.hostile.mutations import Mutations
from tests.fuzz.hostile.sheets import HostileSheets

ANSWER_S = 60.0
"""Longer than the longest import takes beside all others; who waits so long has no answer."""
BUSY = 503
SPARED = ("/logout", "/account", "/devices/revoke")
"""Forms that would end the session which the run needs, or cut off the sites that it measures."""
METHODS = ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "get")
ODD = (
    "", " ", "\0", "é", "ạ" * 300, "x" * 9000, "-1", "0", "9" * 30, "1e9", "NaN", "../..", "%",
    "<b>", "'; --", "{{7*7}}", "\u202e", "\ufeff", "\U0001f600", "2026-02-30T25:61", "0001-01-01",
    "9999-12-31T23:59", "FREQ=SECONDLY", "sip:[", "https://localhost:99999/", "janus+wss://xn--/",
)  # fmt: skip
BAD_BYTES = (b"%ff%fe", b"%ed%a0%80", b"%c0%80", b"%00", b"%", b"%zz", b"+")
HEADS = (
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\nCookie: diemcau=\xff\xfe\r\n\r\n",
    b"GET /login?next=\xff%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: [\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nname=a",
    b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nname\r\n0\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nOrigin: http://[\r\nContent-Length: 0\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nname=a",
    b"GET /live/home HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\r\n\r\n\r\n", b"\0" * 9000,
    b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=9-1,,\r\n\r\n",
)  # fmt: skip
BODIES = (
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=" + "x" * 5000, b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="\xff"'),
    ("multipart/form-data; boundary=x", b"--x\r\n" * 9000),
    ("application/x-www-form-urlencoded; charset=punycode", b"csrf=a"),
    ("application/x-www-form-urlencoded", b"csrf=%ff&" * 5000),
    ("application/x-www-form-urlencoded", b"csrf=\xff\xfe;&&==&a"),
    ("application/json", b"[" * 20_000),
    ("application/json", b'{"csr": "\\ud800", "site": 7}'),
    ("text/plain\xff", b"\xff"),
)


@dataclass
class Answers:
    """What came back to all browsers."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Requests whose answer says that the server failed, or that had none."""
    longest_s: float = 0.0

    def note(self, what: str, status: int, began: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        if status >= 500 and status not in (501, 505, BUSY):
            self.wrong.append(f"{status} {what}"[:300])


class HostileBrowser:
    """One session and many requests, some of them with its cookie and its form's token."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        addresses: Mapping[str, Any],
        known: Mapping[str, str],
        mutations: Mutations,
        inputs: Counter[str],
        answers: Answers,
    ) -> None:
        self._http, self._known, self._inputs, self.answers = http, known, inputs, answers
        self._random, self._sheets = mutations.random, HostileSheets(mutations)
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in addresses.items()
            for method, operation in methods.items()
        ]
        self._csrf = ""

    async def log_in(self, password: str) -> None:
        """As the administrator; raises AssertionError where the province refuses."""
        answer = await self._http.post("/login", data={"name": "admin", "password": password})
        assert answer.status_code == 303, answer.text
        found = re.search(r'name="csrf" value="([^"]+)"', (await self._http.get("/account")).text)
        assert found is not None
        self._csrf = found[1]

    async def add_sites(self, sites: Iterable[str]) -> None:
        """By the form, as an operator does."""
        for site in sites:
            fields = {"csrf": self._csrf, "id": site, "name": f"Xã {site}", "place": "Gia Lai"}
            assert (await self._http.post("/sites", data=fields)).status_code == 303, site

    async def look_around(self, ends: list[str]) -> None:
        """After all that, the session stands and each page can be read; what cannot is noted."""
        for path in ("/account", "/", "/sites", "/meetings", "/alarms", "/audit", "/passed-over"):
            await self._ask("pages", "GET", path)
        if (await self._http.get("/account")).status_code != 200:
            ends.append("the administrator is logged out")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            match self._random.randrange(10):
                case 0 | 1 | 2:
                    await self._upload()
                case 3:
                    await self._head()
                case _:
                    await self._page()

    async def _upload(self) -> None:
        kind, name, content = self._sheets.next()
        path = self._random.choice(("/import/meetings", "/import/meetings", "/import/sites"))
        fields = {"csrf": self._csrf, "place": self._random.choice(("1", "1", *ODD))}
        await self._ask(kind, "POST", path, data=fields, files={"file": (name, content)})

    async def _page(self) -> None:
        method, path, operation = self._random.choice(self._operations)
        query: dict[str, str] = {}
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", self._in_path(name))
            elif parameter["in"] == "query" and self._random.random() < 0.8:
                query[name] = self._value(name)
        form = {
            name: self._value(name)
            for kind in operation.get("requestBody", {}).get("content", {}).values()
            for name in kind["schema"].get("properties", {})
            if self._random.random() < 0.9
        }
        lot = self._random.random()
        if lot < 0.1:
            await self._ask("methods", self._random.choice(METHODS), path, params=query)
        elif method == "GET":
            await self._ask("pages", method, path, params=query)
        elif lot < 0.2:
            kind, body = self._random.choice(BODIES)
            headers = {"Content-Type": kind.encode("latin-1")}
            await self._ask("bodies", method, path, content=body, headers=headers)
        elif path in ("/enrol", "/renew"):
            await self._ask("forms", method, path, json=form)
        elif path not in SPARED:
            await self._ask("forms", method, path, data=form)

    def _value(self, name: str) -> str:
        if name == "csrf" and self._random.random() < 0.95:
            return self._csrf
        right = self._known.get(name)
        return right if right and self._random.random() < 0.6 else self._random.choice(ODD)

    def _in_path(self, name: str) -> str:
        if self._random.random() < 0.1:
            return self._random.choice(BAD_BYTES).decode()
        return quote(self._value(name), safe="")

    async def _ask(self, kind: str, method: str, path: str, **words: Any) -> None:
        """One request, with the log-in or without; a page that goes on for ever is left."""
        self._inputs[kind] += 1
        began, what = time.monotonic(), f"{method} {path[:100]}"
        if self._random.random() < 0.15:
            words["headers"] = {**words.get("headers", {}), "Cookie": b"diemcau=\xff; ;=;\x80"}
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._http.stream(method, path, **words) as answer,
            ):
                if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                    await answer.aread()
                self.answers.note(what, answer.status_code, began)
        except (TimeoutError, httpx.HTTPError) as error:
            self.answers.wrong.append(f"{what}: no answer: {type(error).__name__}: {error}"[:300])
        except httpx.InvalidURL:
            self._inputs[kind] -= 1  # never sent

    async def _head(self) -> None:
        """Bytes on a socket; the server may close it without a word."""
        self._inputs["heads"] += 1
        head, began, url = self._random.choice(HEADS), time.monotonic(), self._http.base_url
        cut = len(head) if self._random.random() < 0.8 else self._random.randrange(len(head))
        reader, writer = await asyncio.open_connection(url.host, url.port)
        try:
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(1.0):
                    writer.write(head[:cut])
                    await writer.drain()
                    line = await reader.read(200)
                    found = re.match(rb"HTTP/1\.[01] (\d{3})", line)
                    if found is not None:
                        self.answers.note(repr(head[:60]), int(found[1]), began)
        finally:
            writer.transport.abort()
