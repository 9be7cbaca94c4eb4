"""The broker's configuration as files in one folder (mosquitto.conf(5), version 2.0).

The broker knows a client by its certificate alone: the common name is its user name and its client
identifier, whatever the client calls itself. So nobody takes over the session of another, and two
boxes with one certificate throw one another off, which is how they are found.

The access list is the same for every site: mosquitto fills the user name into the patterns. A site
writes only below its own topic and reads only what is meant for it. So a new site needs no new
line, and the broker need not read the list again: mosquitto 2.0.11 (Debian 12) falls by SIGSEGV
when it gets SIGHUP while TLS clients come and go, once in some thirty times.
"""

import getpass
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.atomic_file import write_atomically
from appliance.base.mqtt import MAX_PACKET_BYTES
from appliance.wire.fields import MAX_PAYLOAD_BYTES
from appliance.wire.topics import FROM_PROVINCE, FROM_SITE, ROOT, Kind, all_sites_filter
from services.province.broker.pauses import CONTROL_TOPIC, nobody_paused
from services.province.ca.authority import CLIENT_DAYS, Authority
from services.province.ca.renewal import Sign, Validity, keep_identity, keep_revocations

log = logging.getLogger("diemcau.province.broker")

PROVINCE = "_province"
"""The common name of the province's own certificate; no site's id begins with a low line."""
COPIES = (PROVINCE, f"{PROVINCE}-2")
"""Copies of the ingest that run together have a certificate each, for it is the client identifier,
too; ``province.pem`` and ``province-2.pem``."""
AUTOSAVE_INTERVAL_S = 15
"""What a killed broker may forget; sites repeat the last minute on each connection."""
MAX_QUEUED_MESSAGES = 300_000
"""Messages kept for a program that takes none: of 2,000 sites all their reports of 75 minutes, or
of 12 in a meeting, and some 260 MB (857 bytes each were measured). What comes beyond is dropped,
and when the program is back it receives the newest of each site, which is retained."""
MAX_QUEUED_BYTES = 128 * 1024 * 1024
"""The same in bytes: of ordinary reports (some four hundred each) all of the above, of a flood of
the largest two thousand."""
MAX_INFLIGHT_BYTES = 2 * 1024 * 1024
"""Sent and not yet acknowledged: what the program holds of large messages."""
PAUSES_PLUGIN = "mosquitto_dynamic_security.so"
"""Of mosquitto's package, in a folder of the processor's name."""
LIBRARIES = ("/usr/lib", "/usr/local/lib")
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Three times what the queue and the retained reports of 2,000 ordinary sites take: the last bound,
beyond which the broker refuses messages instead of taking the machine's memory."""


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """The files of one broker; `write` and `revoke` make them, readable by one user."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8883

    @property
    def configuration(self) -> Path:
        """``mosquitto -c`` reads this."""
        return self.folder / "mosquitto.conf"

    @property
    def authority(self) -> Path:
        """The certificate that both sides trust."""
        return self.folder / "ca.pem"

    @property
    def identity(self) -> Path:
        """The province's own key and certificate, as a client."""
        return self.identity_of(PROVINCE)

    def identity_of(self, copy: str) -> Path:
        """The key and certificate of one of `COPIES`."""
        return self.folder / f"{copy.removeprefix('_')}.pem"

    @property
    def web(self) -> Path:
        """Key and certificate of the web server, where the province's authority signs it."""
        return self.folder / "web.pem"

    @property
    def hour(self) -> Path:
        """Key and certificate by which the province signs its hour."""
        return self.folder / "hour.pem"

    @property
    def revoked(self) -> Path:
        """The list of revoked certificates."""
        return self.folder / "revoked.pem"

    @property
    def paused(self) -> Path:
        """Who may not publish for a while; the broker writes it, too."""
        return self.folder / "paused.json"

    def write(
        self, authority: Authority, names: Iterable[str], now: float, *, web: str = ""
    ) -> Validity:
        """Write all but the list of `revoke`; what is there and right is kept. `web` is the web
        server's name, "" where its certificate is not of this authority.

        Returns until when it is fresh. Raises `OSError`.
        """
        write_atomically(self.authority, authority.pem)
        hosts = tuple(dict.fromkeys((*names, self.host)))
        wanted: dict[Path, Sign] = {
            self.folder / "server.pem": partial(_server, authority, hosts, now),
            **{self.identity_of(copy): partial(_client, authority, copy, now) for copy in COPIES},
        }
        wanted[self.hour] = partial(_hour, authority, now)
        if web:
            wanted[self.web] = partial(_server, authority, (web,), now)
        kept = [keep_identity(file, authority, sign, now) for file, sign in wanted.items()]
        (self.folder / "store").mkdir(exist_ok=True)
        write_atomically(self.folder / "access", access_list().encode())
        write_atomically(self.configuration, self._text().encode())
        return reduce(Validity.both, kept)

    def forget_pauses(self) -> None:
        """Let nobody be paused by the broker that starts next; while one runs, the file is its own.

        Raises `OSError`.
        """
        write_atomically(self.paused, nobody_paused())

    def revoke(self, authority: Authority, revoked: Iterable[int], now: float) -> Validity:
        """Write the list of revoked certificates; it counts from the broker's next start on.

        Returns until when it is fresh.
        """
        return keep_revocations(self.revoked, authority, set(revoked), now)

    def _text(self) -> str:
        folder = self.folder
        lines = (
            f"user {getpass.getuser()}",  # as root it would drop to a user who may not read this
            "per_listener_settings false",
            "allow_anonymous false",
            f"acl_file {folder / 'access'}",
            "persistence true",
            f"persistence_location {folder / 'store'}/",
            f"autosave_interval {AUTOSAVE_INTERVAL_S}",
            f"max_queued_messages {MAX_QUEUED_MESSAGES}",
            f"max_queued_bytes {MAX_QUEUED_BYTES}",
            "max_inflight_messages 200",
            f"max_inflight_bytes {MAX_INFLIGHT_BYTES}",
            f"message_size_limit {MAX_PAYLOAD_BYTES}",
            f"memory_limit {MEMORY_LIMIT}",
            f"max_packet_size {MAX_PACKET_BYTES}",
            "max_keepalive 120",
            "persistent_client_expiration 7d",
            "connection_messages false",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            f"listener {self.port} {self.host}",
            f"cafile {self.authority}",
            f"certfile {folder / 'server.pem'}",
            f"keyfile {folder / 'server.pem'}",
            f"crlfile {self.revoked}",
            "require_certificate true",
            "use_identity_as_username true",
            "use_username_as_clientid true",
            "tls_version tlsv1.2",
            *self._plugin(),
        )
        return "\n".join(lines) + "\n"

    def _plugin(self) -> tuple[str, ...]:
        found = [file for folder in LIBRARIES for file in Path(folder).glob(f"*/{PAUSES_PLUGIN}")]
        found += [Path(folder, PAUSES_PLUGIN) for folder in LIBRARIES]
        file = next((file for file in found if file.exists()), None)
        if file is None:
            log.warning("mosquitto's plugin dynamic-security is not installed: a site that floods"
                        " holds up the others' reports")  # fmt: skip
            return ()
        return (f"plugin {file}", f"plugin_opt_config_file {self.paused}")


def access_list() -> str:
    """The text of ``acl_file``."""
    lines = [
        "# Written by the province; what is changed here is lost.",
        *(f"pattern write {ROOT}/%u/{kind}" for kind in FROM_SITE),
        *(f"pattern read {ROOT}/%u/{kind}" for kind in FROM_PROVINCE),
        "",
    ]
    for copy in COPIES:
        lines += [
            f"user {copy}",
            *(f"topic read {all_sites_filter(kind)}" for kind in FROM_SITE),
            *(f"topic write {all_sites_filter(kind)}" for kind in Kind),
            "topic read $SYS/#",
            f"topic write {CONTROL_TOPIC}",
            "",
        ]
    return "\n".join(lines) + "\n"


def _client(
    authority: Authority, name: str, now: float, key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    return authority.site(key, name, "", now, days=CLIENT_DAYS)


def _server(
    authority: Authority, hosts: tuple[str, ...], now: float, key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    return authority.server(key, hosts, now)


def _hour(authority: Authority, now: float, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
    return authority.hour(key, now)
