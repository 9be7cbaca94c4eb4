"""The settings with which the province's program starts."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


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

    @property
    def secure(self) -> bool:
        """Whether browsers connect by TLS, to us or to a proxy in front."""
        return self.url.startswith("https:")

    @property
    def zoneinfo(self) -> ZoneInfo:
        """The time zone of all pages."""
        return ZoneInfo(self.zone)
