"""Somebody at the province's console, by HTTPS: what the pages show, and how long they take."""

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
IMPORT_S = 600.0
"""For a sheet or an archive of 2,000 sites: some seconds on a quiet machine."""
_TILE = re.compile(r'<li class="(ready|meeting|help|silent)"><b>([0-9]+)</b>')
_CARD = re.compile(r'<li class="(help|silent)">\s*<h3><a href="/sites/([^"]+)">')


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What it shows: how many sites stand how, and which are listed as in need."""

    counts: Mapping[str, int]
    silent: frozenset[str]
    help: frozenset[str]

    @classmethod
    def parse(cls, html: str) -> "FirstPage":
        """Raises ValueError for a page that is none."""
        counts = {state: int(number) for state, number in _TILE.findall(html)}
        if len(counts) != 4:
            raise ValueError(f"the first page shows {counts}, not four numbers")
        cards = _CARD.findall(html)
        return cls(
            counts,
            frozenset(site for state, site in cards if state == "silent"),
            frozenset(site for state, site in cards if state == "help"),
        )


class Console:
    """A browser with its cookies; each page over a connection that stays open, as a browser's."""

    def __init__(self, url: str, ca: Path) -> None:
        self._url = url
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._cookies = httpx.Cookies()

    def browser(self) -> httpx.AsyncClient:
        """A client with this session."""
        return httpx.AsyncClient(
            base_url=self._url, verify=self._tls, cookies=self._cookies, trust_env=False,
            timeout=60.0,
        )  # fmt: skip

    async def log_in(self, name: str, password: str) -> None:
        """Raises AssertionError where the province refuses."""
        async with self.browser() as http:
            answer = await http.post("/login", data={"name": name, "password": password})
            assert answer.status_code == 303, answer.text
            self._cookies.update(answer.cookies)

    async def first_page(self) -> FirstPage:
        """As it is now; raises `httpx.HTTPError` where there is none."""
        async with self.browser() as http:
            return FirstPage.parse((await http.get("/")).raise_for_status().text)

    async def import_sites(self, sheet: bytes) -> float:
        """By the page for sheets of communes; how long that took, in s."""
        began = time.monotonic()
        async with self.browser() as http:
            answer = await http.post(
                "/import/sites",
                data={"csrf": await _csrf(http)},
                files={"file": ("sites.csv", sheet)},
                timeout=IMPORT_S,
            )
            answer.raise_for_status()
            return round(time.monotonic() - began, 1)

    async def site_files(self) -> bytes:
        """The archive of all site files."""
        async with self.browser() as http:
            answer = await http.get("/site-files.zip", timeout=IMPORT_S)
            return answer.raise_for_status().content

    async def enter_meeting(self, title: str, begin: float) -> str:
        """For the whole province; the address of its page."""
        async with self.browser() as http:
            form = (await http.get("/meetings/new")).raise_for_status().text
            answer = await http.post("/meetings/new", data=_meeting(form, title, begin))
            assert answer.status_code == 303, answer.text
            return answer.headers["Location"]

    async def rename_meeting(self, page: str, title: str, begin: float) -> float:
        """Change it; when the change was sent (POSIX s), which is before it was committed."""
        async with self.browser() as http:
            form = (await http.get(f"{page}/edit")).raise_for_status().text
            fields = _meeting(form, title, begin)
            sent_at = time.time()
            answer = await http.post(f"{page}/edit", data=fields)
            assert answer.status_code == 303, answer.text
            return sent_at


async def _csrf(http: httpx.AsyncClient) -> str:
    return _token((await http.get("/import/sites")).raise_for_status().text)


def _token(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None, html[:500]
    return found[1]


def _meeting(form: str, title: str, begin: float) -> dict[str, str]:
    root = re.search(r'name="place"[^>]*value="([0-9]+)"', form)
    assert root is not None, form[:500]
    return {
        "csrf": _token(form),
        "title": title,
        "begin": f"{datetime.fromtimestamp(begin, ZONE):%Y-%m-%dT%H:%M:%S}",
        "minutes": "90",
        "repeat": "",
        "until": "",
        "address": "sip:724999@mcu.gialai.example",
        "chair": "Chủ tịch tỉnh",
        "chair_pin": "",
        "place": root[1],
    }
