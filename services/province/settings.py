"""The settings with which the province's program starts."""

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from services.province.sites.site_settings import SiteSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """``url`` is where browsers and sites reach the program, without a slash at its end.

    ``hosts`` are the meeting servers that site files allow; ``ca`` the path, on a site, of the
    province's certificate authority ("" for a public one); ``broker`` the broker's address as sites
    know it, ``mqtts://host:8883``, "" where none is beside this copy of the program; ``releases``
    where sites look for their newest release, ``https://host/name.raucb``, "" for nowhere.
    Without a ``metrics_token`` there are no metrics. ``calendar_hosts`` are the only CalDAV servers
    that meetings are taken from, ``calendar_ca`` the file with their authority ("": the machine's).
    Sites rehearse in ``test_room``, an address, "" for each meeting's own.
    A site is ready while its last self-test or rehearsal passed within ``tested_within_s``.
    ``own_certificate``: ``url`` has one of the province's own authority, whose file is
    ``own_authority``. ``sites`` is what all site files have in common.
    """

    url: str = "http://127.0.0.1:8443"
    name: str = "Điểm Cầu"
    zone: str = "Asia/Ho_Chi_Minh"
    hosts: tuple[str, ...] = ()
    ca: str = ""
    broker: str = ""
    metrics_token: str = field(default="", repr=False)
    calendar_hosts: tuple[str, ...] = ()
    calendar_ca: str = ""
    releases: str = ""
    tested_within_s: float = 24 * 3600.0
    test_room: str = ""
    own_certificate: bool = False
    own_authority: Path | None = None
    sites: SiteSettings = field(default_factory=SiteSettings)

    def authorities(self) -> bytes:
        """What a card brings as ``ca.pem``: the province's own authority, once it is made, and the
        others that were named; b"" for none."""
        own = b""
        if self.own_authority is not None and self.own_authority.exists():
            own = self.own_authority.read_bytes()
        return b"\n".join(filter(None, (own, self.sites.authorities)))

    @property
    def secure(self) -> bool:
        """Whether browsers connect by TLS, to us or to a proxy in front."""
        return self.url.startswith("https:")

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The time zone of all pages."""
        return ZoneInfo(self.zone)
