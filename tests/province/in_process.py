"""A province of the tests: its program in this process, a clock that stands, and people."""

import re
import warnings
from dataclasses import dataclass, field

import httpx

from services.province.accounts import Role, add_account
from services.province.broker.ingest import IngestCounts
from services.province.console.app import application
from services.province.console.render import Pages
from services.province.console.request import Province
from services.province.schedule.meetings import Guests, MeetingDraft, create
from services.province.settings import Settings
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.province.storage.history_tables import SiteEvent
from services.province.storage.reports import Report, record_report
from services.province.storage.tables import Site

with warnings.catch_warnings():
    # It would rather have another release of httpx than the one that all of the project uses.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

NOON = 1_773_290_400.0  # Thursday, 12 March 2026, 11:40 at Ia Kly
PASSWORD = "rất bí mật 2026"
INJECTIONS = (
    "' OR '1'='1", '"; DROP TABLE accounts; --', "a' UNION SELECT 1,2--", "\x00", "%00",
    "{{7*7}}",
)  # fmt: skip
"""Texts that a form must take as texts."""
ADDRESS = "janus+wss://hop.gialai.example/janus?room=1234&pin=2468"


@dataclass
class House:
    """The program and its clock; ``client`` is a browser that follows no redirect unasked."""

    database: Database
    now: float = NOON
    settings: Settings = field(default_factory=lambda: Settings(url="http://testserver"))
    ingest_counts: IngestCounts | None = None

    def __post_init__(self) -> None:
        pages = Pages(self.settings.zoneinfo)
        self.province = Province(
            self.settings, self.database, pages, lambda: self.now, ingest_counts=self.ingest_counts
        )
        self.app = application(self.province)

    def person(self, name: str, role: Role) -> "Person":
        """Somebody with an account, logged in with a browser of their own."""
        with self.database.writing() as session:
            add_account(session, name, PASSWORD, role, self.now)
        person = Person(self.stranger(), name)
        assert person.log_in().status_code == 303
        return person

    def stranger(self) -> TestClient:
        """A browser that nobody has logged in with."""
        return TestClient(self.app, follow_redirects=False)

    def communes(self, *names: str) -> None:
        """Communes below the province Gia Lai, each with one site of that id."""
        with self.database.writing() as session:
            for name in names:
                place = place_at(session, ["Gia Lai", f"Xã {name}"])
                add_site(session, name, f"Xã {name}", place, self.now)

    def place(self, *names: str) -> int:
        with self.database.writing() as session:
            return place_at(session, names).id

    def meeting(self, draft: MeetingDraft) -> int:
        with self.database.writing() as session:
            return create(session, draft, self.now).id

    def token(self, site: str) -> str:
        with self.database.reading() as session:
            found = session.get(Site, site)
            assert found is not None
            return found.feed_token

    def reports(
        self, site: str, seq: int, kind: str = "health", boot: str = "a", **state: object
    ) -> None:
        with self.database.writing() as session:
            assert record_report(session, site, Report(self.now, boot, seq, state), self.now, kind)

    def tested(self, *sites: str, result: str = "good", kind: str = "self-test") -> None:
        """The last test of each of these sites, held now."""
        with self.database.writing() as session:
            for site in sites:
                name = f"{self.now:.3f} {kind}"
                session.add(
                    SiteEvent(site_id=site, kind=kind, name=name, at=self.now, detail=result)
                )


@dataclass
class Person:
    """A browser and who sits before it."""

    client: TestClient
    name: str

    def log_in(self, password: str = PASSWORD) -> httpx.Response:
        answer: httpx.Response = self.client.post(
            "/login", data={"name": self.name, "password": password}
        )
        return answer

    def get(self, path: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(path)
        return answer

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: object) -> httpx.Response:
        answer: httpx.Response = self.client.post(path, data={"csrf": self.csrf(), **fields})
        return answer


def draft(places: set[int], **changes: object) -> MeetingDraft:
    """A meeting in an hour, of an hour and a half."""
    words: dict[str, object] = {
        "title": "Giao ban tuần",
        "begin": NOON + 3600.0,
        "length_s": 5400.0,
        "guests": Guests(frozenset(places)),
        "address": ADDRESS,
        "chair": "Chủ tịch tỉnh",
    }
    return MeetingDraft(**{**words, **changes})  # type: ignore[arg-type]
