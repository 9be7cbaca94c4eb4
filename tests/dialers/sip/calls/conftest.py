"""One Asterisk for all tests that call it, with a certificate of an authority of its own."""

from collections.abc import Iterator

import pytest
import trustme

from tests.dialers.sip.calls.server import Server
from tests.peers.sip.asterisk import asterisk


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
