"""The demo's province: one commune in its tree, one account, one meeting in half a minute."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.province.accounts import Role, add_account
from services.province.broker.local_broker import LocalBroker
from services.province.schedule.meetings import Guests, MeetingDraft, create
from services.province.settings import Settings
from services.province.sites.site_files import feed_url
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.province.storage.tables import Site
from services.simulate.fleet import issue_certificates

ACCOUNT, PASSWORD = "admin", "giao-ban-2026"
BEGINS_IN_S = 25.0
"""Long enough to see the countdown, short enough to wait for."""
SITE, NAME = "ia-kly", "Xã Ia Kly"
PLACES = ("Gia Lai", NAME)


class DemoProvince:
    """Its database and broker's folder; ``arguments`` start the program on them."""

    def __init__(self, folder: Path, port: int, broker_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._broker = LocalBroker(folder / "broker", port=broker_port, names=("127.0.0.1",))
        self.arguments = (
            "province", "--port", str(port), "--data", str(folder), "--name", "Gia Lai",
            "--broker-port", str(broker_port),
        )  # fmt: skip

    @property
    def authority(self) -> Path:
        """The certificate that the site trusts."""
        return self._broker.files.authority

    def prepare(self) -> str:
        """Write tree and account where there are none; returns the address of the site's feed."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = time.time()
        with self._open() as database, database.writing() as session:
            site = session.get(Site, SITE)
            if site is None:
                place = place_at(session, PLACES)
                site = add_site(session, SITE, NAME, place, now)
                add_account(session, ACCOUNT, PASSWORD, Role.ADMINISTRATOR, now)
            return feed_url(Settings(url=self.url), site)

    def invite(self, address: str, chair_pin: str) -> None:
        """Create the meeting."""
        now = time.time()
        with self._open() as database, database.writing() as session:
            draft = MeetingDraft(
                "Giao ban trực tuyến với các xã, phường",
                float(int(now + BEGINS_IN_S)),
                3600.0,
                Guests(frozenset({place_at(session, PLACES).id})),
                address=address,
                chair="UBND tỉnh Gia Lai",
                chair_pin=chair_pin,
                doors_s=0.0,  # the page counts down, and then shows how the site joins
            )
            create(session, draft, now)

    @contextmanager
    def _open(self) -> Iterator[Database]:
        database = Database(f"sqlite:///{self._folder.resolve() / 'province.db'}")
        try:
            database.upgrade()
            yield database
        finally:
            database.close()

    def issue_certificate(self, folder: Path) -> None:
        """The site's certificate, as if the code on its TV had been compared and approved."""
        identity = folder / "identity.pem"
        if not identity.exists():
            issue_certificates(self._broker, [SITE], folder, time.time())
            (folder / f"{SITE}.pem").rename(identity)
