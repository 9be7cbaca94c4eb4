"""Addresses that lead nowhere, servers that are none, certificates that nobody trusts."""

import asyncio
from pathlib import Path

import pytest
import trustme

from appliance.dialers.api import DialError, EndReason
from appliance.dialers.registry import Dialers
from tests.dialers.sites import near
from tests.peers.janus import ROOM
from tests.peers.room import room
from tests.process.ports import free_port


def _address(port: int) -> str:
    return f"janus+ws://127.0.0.1:{port}?room={ROOM}"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("janus+ws://127.0.0.1:1/?room=1", EndReason.UNREACHABLE),
        ("janus+ws://no-such-host.invalid/?room=1", EndReason.UNREACHABLE),
        ("janus+ws://127.0.0.1/", EndReason.BAD_ADDRESS),
        ("gopher://127.0.0.1", EndReason.BAD_ADDRESS),
        ("loopback:/not/a/name", EndReason.BAD_ADDRESS),
        ("", EndReason.BAD_ADDRESS),
    ],
)
async def test_addresses_that_lead_nowhere(address: str, reason: EndReason) -> None:
    tracks = near(1)
    with pytest.raises(DialError) as caught:
        await Dialers().dial(address, tracks, name="site 1")
    assert caught.value.reason is reason
    assert caught.value.detail
    assert tracks.video.readyState == tracks.audio.readyState == "ended"


async def test_a_server_that_never_answers() -> None:
    held: list[object] = []  # a writer that nobody holds is closed, and a closed line is an answer
    silent = await asyncio.start_server(lambda *line: held.extend(line), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(DialError) as caught:
        dialers = Dialers(deadline_s=0.3)
        await dialers.dial(_address(port), near(1), name="site 1")
    assert caught.value.reason is EndReason.UNREACHABLE
    silent.close()


async def test_a_server_of_something_else() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    web = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = web.sockets[0].getsockname()[1]
    with pytest.raises(DialError) as caught:
        await Dialers().dial(_address(port), near(1), name="site 1")
    assert caught.value.reason is EndReason.REFUSED
    assert "404" in caught.value.detail
    web.close()


def _certified(folder: Path) -> tuple[Path, Path, Path]:
    """Authority, certificate and key for this machine, as files."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    files = (folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(files[0])
    certificate.cert_chain_pems[0].write_to_path(files[1])
    certificate.private_key_pem.write_to_path(files[2])
    return files


async def test_only_a_trusted_certificate_is_believed(tmp_path: Path) -> None:
    authority, certificate, key = _certified(tmp_path)
    port = free_port()
    address = f"janus+wss://127.0.0.1:{port}/janus?room={ROOM}"
    with room(port, certificate, key):
        with pytest.raises(DialError) as caught:
            await Dialers().dial(address, near(1), name="site 1")
        assert caught.value.reason is EndReason.UNTRUSTED
        call = await Dialers(ca=str(authority)).dial(address, near(1), name="site 1")
        await call.hang_up()
