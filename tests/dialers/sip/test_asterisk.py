"""Real calls into the conferences of a real Asterisk 22, counted at both ends."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import trustme

from appliance.dialers.sip.encryption import Encryption
from tests.dialers.sip.caller import Caller, Way, call
from tests.dialers.sip.facing import until
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk import Asterisk, asterisk
from tests.peers.sip.asterisk_files import ENCRYPTED, OPEN, PASSWORD, PLAIN, ROOM

pytestmark = pytest.mark.timeout(240)  # the machine may be busy with other people's calls


@dataclass(frozen=True, slots=True)
class Server:
    """A running Asterisk, and the authority that its certificate is from."""

    asterisk: Asterisk
    trust: ssl.SSLContext

    def way(self, transport: str) -> Way:
        ports = self.asterisk.ports
        return Way(transport, ports.tls if transport == "TLS" else ports.sip, trust=self.trust)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    chain = b"".join(one.bytes() for one in issued.cert_chain_pems)
    key = issued.private_key_pem.bytes()
    with asterisk(tmp_path_factory.mktemp("asterisk"), certificate=chain, key=key) as one:
        yield Server(one, trust)


async def counted(server: Server, streams: int) -> None:
    """The calls are over for Asterisk too, and it got what was sent: streams that tell nothing are
    those that nobody sent. How much it lost is a matter of whether the machine gave it a turn."""
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    for one in server.asterisk.counted()[-streams:]:
        assert one.received > 25, one
        assert one.sent > 25, one


async def tone_and_pictures(one: Caller, other: Caller) -> None:
    assert one.agent.up, one.code
    assert other.agent.up, other.code
    await _met(one, 10_000, 880.0)
    await _met(other, 0, 440.0)


async def _met(caller: Caller, low: int, hertz: float) -> None:
    """Pictures of the other one, numbered from ``low``; who is alone is at first shown himself."""

    def those() -> list[int]:
        return [number for number in caller.end.numbers if low <= number < low + 10_000]

    await until(lambda: len(set(those())) > 30, "thirty pictures of the other one")
    await until(lambda: caller.end.hears(hertz), "the other one's tone")
    assert those() == sorted(those())


async def there_is(true: Callable[[], bool], what: str) -> None:
    """Wait until Asterisk says so; asked from a thread, since the media go on meanwhile."""
    try:
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(true):
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


@pytest.mark.parametrize("digest", there.DIGESTS)
@pytest.mark.parametrize("kind", [PLAIN, ENCRYPTED])
@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
async def test_two_callers_see_and_hear_each_other(
    server: Server, transport: str, kind: str, digest: str
) -> None:
    way, user = server.way(transport), f"{kind}-{digest}"
    wanted = Encryption.REQUIRED if kind == ENCRYPTED else Encryption.OFF
    async with (
        call(way, ROOM, user=user, password=PASSWORD, encryption=wanted) as one,
        call(
            way, ROOM, user=user, password=PASSWORD, encryption=wanted, first=10_000, hertz=880.0
        ) as other,
    ):
        await tone_and_pictures(one, other)
        assert [guest.endpoint for guest in server.asterisk.participants()] == [user, user]
        for caller in (one, other):
            statistics = caller.end.session.statistics()
            assert (statistics.audio.codec, statistics.video.codec) == ("G722", "H264")
            assert (statistics.video.width, statistics.video.height) == (640, 360)
            assert caller.end.session.encrypted == (kind == ENCRYPTED)
    await counted(server, 4)


@pytest.mark.parametrize("kind", [PLAIN, ENCRYPTED])
async def test_a_key_mutes_and_opens_again(server: Server, kind: str) -> None:
    wanted = Encryption.REQUIRED if kind == ENCRYPTED else Encryption.OFF
    way = server.way("TLS")
    async with call(way, ROOM, user=f"{kind}-md5", password=PASSWORD, encryption=wanted) as one:

        def muted() -> list[bool]:
            return [guest.muted for guest in server.asterisk.participants()]

        assert one.agent.up, one.code
        await there_is(lambda: muted() == [False], "that we are in")
        for so in (True, False):
            # Keys that come while it takes us in, or says that we are muted, are not the menu's.
            sent = one.end.session.statistics().audio.sent_s
            await until(
                lambda sent=sent: one.end.session.statistics().audio.sent_s > sent + 3,  # type: ignore[misc]
                "three seconds of sound",
            )
            await one.end.session.send_dtmf("*6")
            await there_is(lambda so=so: muted() == [so], f"muted: {so}")  # type: ignore[misc]


@pytest.mark.parametrize("transport", ["UDP", "TLS"])
async def test_through_the_entry_queue(server: Server, transport: str) -> None:
    async with call(server.way(transport), there.LOBBY, user=OPEN) as one:
        assert one.agent.up, one.code
        for keys in (f"{ROOM}#", f"{there.PIN}#"):
            await until(lambda: one.end.hertz > 0, "somebody who asks")
            await one.end.session.send_dtmf(keys)
            one.end.sound.clear()
        await there_is(lambda: len(server.asterisk.participants()) == 1, "that we are in")


async def test_a_wrong_pin_ends_the_call(server: Server) -> None:
    async with call(server.way("TCP"), there.LOBBY, user=OPEN) as one:
        for keys in (f"{ROOM}#", "1111#"):
            await until(lambda: one.end.hertz > 0, "somebody who asks")
            await one.end.session.send_dtmf(keys)
            one.end.sound.clear()
        await until(lambda: one.agent.ended is not None, "the end")
        assert one.agent.ended is not None
        assert one.agent.ended.far


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    ("number", "code"), [(there.BUSY, 486), (there.DECLINED, 403), (there.NOBODY, 404)]
)
async def test_refusals(server: Server, transport: str, number: int, code: int) -> None:
    async with call(server.way(transport), number, user=OPEN) as one:
        assert not one.agent.up
        assert one.code == code


@pytest.mark.parametrize("user", ["plain-md5", "plain-sha256"])
async def test_a_wrong_password_is_refused_soon(server: Server, user: str) -> None:
    begun = time.monotonic()
    async with call(server.way("UDP"), ROOM, user=user, password="wrong") as one:
        assert one.code == 401
    assert time.monotonic() - begun < 60  # and not after a timer of minutes


async def test_encryption_demanded_and_not_offered(server: Server) -> None:
    async with call(server.way("TCP"), ROOM, user="encrypted-md5", password=PASSWORD) as one:
        assert one.code == 488


async def test_a_call_that_nobody_answers_is_taken_back(server: Server) -> None:
    async with call(server.way("UDP"), there.SILENT, user=OPEN, wait=False) as one:
        await there_is(lambda: server.asterisk.calls() == 1, "that it rings")
        assert not one.decided
    await there_is(lambda: server.asterisk.calls() == 0, "that nothing rings any more")


async def test_the_far_end_hangs_up(server: Server) -> None:
    async with call(server.way("TLS"), there.BRIEF, user=OPEN) as one:
        await until(lambda: one.agent.ended is not None, "the end")
        assert one.agent.ended is not None
        assert one.agent.ended.far


async def test_an_untrusted_certificate(server: Server) -> None:
    way = Way("TLS", server.asterisk.ports.tls, trust=ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        async with call(way, ROOM, user=OPEN):
            pass
