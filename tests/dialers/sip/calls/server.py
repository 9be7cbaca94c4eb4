"""A running Asterisk for the tests, and how it is reached."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from tests.dialers.sip.calls.caller import CallTarget
from tests.peers.sip.asterisk import Asterisk


@dataclass(frozen=True, slots=True)
class Server:
    """A running Asterisk, and the authority that its certificate is from."""

    asterisk: Asterisk
    authority: Path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def port(self, transport: str) -> int:
        ports = self.asterisk.ports
        return ports.tls if transport.lower() == "tls" else ports.sip

    def target(self, transport: str) -> CallTarget:
        return CallTarget(transport, self.port(transport), trust=self.trust)

    def address(self, number: int, transport: str) -> str:
        return f"sip:{number}@127.0.0.1:{self.port(transport)};transport={transport}"
