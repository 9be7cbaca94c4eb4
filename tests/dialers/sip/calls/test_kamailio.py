"""Calls through a real Kamailio with Record-Route into a real Asterisk, by TCP and TLS."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
import trustme

from appliance.base.config import SipChoices
from appliance.dialers.api import EndReason
from appliance.dialers.sip.call import SipCall
from appliance.dialers.sip.dialer import SipDialer
from tests.dialers.sip.calls.server import Server
from tests.dialers.sip.media_pair import there_is
from tests.dialers.sites import site, until
from tests.peers.sip.asterisk_files import BRIEF, ECHO, OPEN
from tests.peers.sip.kamailio import Kamailio, kamailio

pytestmark = pytest.mark.timeout(240)  # the machine may be busy with other people's calls
CHOICES = SipChoices(user=OPEN, encryption="off")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def proxy(
    server: Server, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kamailio]:
    issued = authority.issue_cert("127.0.0.1")
    chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
    folder = tmp_path_factory.mktemp("kamailio")
    key = issued.private_key_pem.bytes()
    with kamailio(folder, server.port("tcp"), certificate=chain, key=key) as one:
        yield one


@pytest.fixture
def dialer(authority: trustme.CA) -> SipDialer:
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    return SipDialer(trust, choices=CHOICES)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_call_and_its_end_along_the_route(
    server: Server, proxy: Kamailio, dialer: SipDialer, transport: str
) -> None:
    one = await site(dialer, proxy.address(ECHO, transport), 1)
    await until(lambda: one.sees == 1 and one.hears() == {1}, "ourselves")
    await one.leave()
    await there_is(lambda: not server.asterisk.calls(), "that our BYE came through")
    one = await site(dialer, proxy.address(BRIEF, transport), 1)
    await until(lambda: one.call.ended is not None, "its BYE")
    assert one.call.ended is EndReason.FAR_END
    await one.leave()


@pytest.mark.case("C13")
@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_a_proxy_that_restarts_costs_no_call(
    server: Server, proxy: Kamailio, dialer: SipDialer, transport: str
) -> None:
    """Kamailio keeps no call: whoever connects again and says where to is on the route again."""
    one = await site(dialer, proxy.address(ECHO, transport), 1)
    await until(lambda: one.sees == 1, "ourselves")
    call = one.call
    assert isinstance(call, SipCall)
    await asyncio.to_thread(proxy.stop)
    await asyncio.to_thread(proxy.start)
    assert call._signaller is not None
    session = call._signaller._session
    assert session is not None
    # Twice where the first new connection still reached the dying proxy: both are answered at once.
    await until(lambda: session.refreshes >= 1, "that it is told of")
    one.numbers.clear()
    await until(lambda: one.sees == 1, "that it goes on")
    assert call.ended is None
    # The far end's own BYE comes by the new connection.
    channels = await asyncio.to_thread(server.asterisk.ask, "core show channels concise")
    for line in channels.splitlines():
        await asyncio.to_thread(
            server.asterisk.ask, f"channel request hangup {line.partition('!')[0]}"
        )
    await until(lambda: call.ended is not None, "its BYE")
    assert call.ended is EndReason.FAR_END
    await one.leave()
