"""Everything that mosquitto is told, as files in one folder (mosquitto.conf(5), version 2.0)."""

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.atomic_file import write_atomically
from appliance.base.mqtt import MAX_PACKET_BYTES
from services.province.broker.access import PROVINCE, access_list
from services.province.ca.authority import Authority, private_pem

AUTOSAVE_S = 15
"""What a killed broker may forget; sites repeat the last minute on each connection."""
WAITING = 300_000
"""Messages kept for a program that takes none: of 2,000 sites all that they say in 75 minutes, or
in 12 of a meeting, and some 260 MB (857 bytes each were measured). What comes beyond is dropped,
and when the program is back it is told the newest of each site, which is retained."""


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """The folder of one broker; `write` and `revoke` make its files, all readable by one user."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8883

    @property
    def configuration(self) -> Path:
        """``mosquitto -c`` reads this."""
        return self.folder / "mosquitto.conf"

    @property
    def authority(self) -> Path:
        """The certificate that both sides believe."""
        return self.folder / "ca.pem"

    @property
    def identity(self) -> Path:
        """The province's own key and certificate, as a client."""
        return self.folder / "province.pem"

    def write(self, authority: Authority, names: Iterable[str], now: float) -> None:
        """All but the list of `revoke`; a server key that is there is kept. Raises `OSError`."""
        write_atomically(self.authority, authority.pem)
        _identity(
            self.folder / "server.pem", lambda key: authority.server(key, (*names, self.host), now)
        )
        _identity(self.identity, lambda key: authority.site(key, PROVINCE, "", now, days=820.0))
        (self.folder / "store").mkdir(exist_ok=True)
        write_atomically(self.folder / "access", access_list().encode())
        write_atomically(self.configuration, self._text().encode())

    def revoke(self, authority: Authority, revoked: Iterable[int], now: float) -> None:
        """Whose certificates count no more, from the broker's next start on."""
        write_atomically(self.folder / "revoked.pem", authority.revocations(revoked, now))

    def _text(self) -> str:
        folder = self.folder
        lines = (
            f"user {getpass.getuser()}",  # as root it would drop to a user who may not read this
            "per_listener_settings false",
            "allow_anonymous false",
            f"acl_file {folder / 'access'}",
            "persistence true",
            f"persistence_location {folder / 'store'}/",
            f"autosave_interval {AUTOSAVE_S}",
            f"max_queued_messages {WAITING}",
            "max_inflight_messages 200",
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
            f"crlfile {folder / 'revoked.pem'}",
            "require_certificate true",
            "use_identity_as_username true",
            "tls_version tlsv1.2",
        )
        return "\n".join(lines) + "\n"


def _identity(file: Path, sign: Callable[[ec.EllipticCurvePublicKey], x509.Certificate]) -> None:
    """Key and certificate in one file."""
    if file.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    pem = sign(key.public_key()).public_bytes(serialization.Encoding.PEM)
    write_atomically(file, private_pem(key) + pem)
