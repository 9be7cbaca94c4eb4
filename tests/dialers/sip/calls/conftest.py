"""One Asterisk for all tests that call it, with a certificate of an authority of its own."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.dialers.sip.calls.caller import Way
from tests.peers.sip.asterisk import Asterisk, asterisk


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

    def way(self, transport: str) -> Way:
        return Way(transport, self.port(transport), trust=self.trust)

    def address(self, number: int, transport: str) -> str:
        return f"sip:{number}@127.0.0.1:{self.port(transport)};transport={transport}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
    folder = tmp_path_factory.mktemp("asterisk")
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    key = issued.private_key_pem.bytes()
    with asterisk(folder, certificate=chain, key=key) as one:
        yield Server(one, file)
