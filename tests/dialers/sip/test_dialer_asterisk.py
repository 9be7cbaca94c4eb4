"""The whole dialer into a conference of a real Asterisk: transports, passwords, encryption."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.dialer import DialError, EndReason
from appliance.dialers.sip.dialer import SipDialer
from tests.dialers.sites import near, site, until
from tests.peers.sip.asterisk import Asterisk, asterisk
from tests.peers.sip.asterisk_files import PASSWORD, PLAIN, ROOM

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Asterisk, ssl.SSLContext]]:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
    key = issued.private_key_pem.bytes()
    with asterisk(tmp_path_factory.mktemp("asterisk"), certificate=chain, key=key) as one:
        yield one, trust


def choices(folder: Path, user: str, password: str = PASSWORD) -> SipChoices:
    secret = folder / "password"
    secret.write_text(f"{password}\n")
    return SipChoices(user=user, password_file=str(secret), encryption="off")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
async def test_two_sites_in_a_conference(
    server: tuple[Asterisk, ssl.SSLContext], tmp_path: Path, transport: str, algorithm: str
) -> None:
    peer, trust = server
    port = peer.ports.tls if transport == "tls" else peer.ports.sip
    address = f"sip:{ROOM}@127.0.0.1:{port};transport={transport}"
    dialer = SipDialer(trust, choices=choices(tmp_path, f"{PLAIN}-{algorithm}"))
    async with contextlib.AsyncExitStack() as stack:
        first = await site(dialer, address, 1)
        stack.push_async_callback(first.leave)
        second = await site(dialer, address, 2)
        stack.push_async_callback(second.leave)
        await until(lambda: first.hears() == {2}, "the other's sound")
        await until(lambda: second.hears() == {1}, "the other's sound")
        await until(lambda: bool(first.numbers) and bool(second.numbers), "pictures")
        assert first.call.statistics().audio.codec == "G722"
    await until(lambda: not peer.calls(), "that Asterisk has nobody any more")


async def test_what_is_refused(server: tuple[Asterisk, ssl.SSLContext], tmp_path: Path) -> None:
    peer, trust = server
    tls = f"127.0.0.1:{peer.ports.tls};transport=tls"
    right = choices(tmp_path, f"{PLAIN}-md5")
    for dialer, user, reason in [
        (SipDialer(trust, choices=right), "4711", EndReason.REFUSED),
        (SipDialer(choices=right), str(ROOM), EndReason.UNTRUSTED),
    ]:
        with pytest.raises(DialError) as told:
            await dialer.dial(f"sip:{user}@{tls}", near(1), name="x")
        assert told.value.reason is reason
    wrong = choices(tmp_path, f"{PLAIN}-md5", "wrong")
    with pytest.raises(DialError) as told:
        await SipDialer(trust, choices=wrong).dial(f"sip:{ROOM}@{tls}", near(1), name="x")
    assert told.value.reason is EndReason.UNAUTHORISED
