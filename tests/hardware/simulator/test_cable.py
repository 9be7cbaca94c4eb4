"""A cable that can be pulled, between real sockets on loopback."""

import asyncio
import errno
from collections.abc import Awaitable, Callable

import pytest

from hardware.simulator.cable import Cable, CableLoop

Story = Callable[[Cable, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


def with_echo(story: Story) -> None:
    cable = Cable()

    async def evening() -> None:
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        async with server, asyncio.timeout(10):
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await story(cable, reader, writer)
            writer.close()

    with asyncio.Runner(loop_factory=lambda: CableLoop(cable)) as runner:
        runner.run(evening())


def test_a_stream_loses_nothing_while_the_cable_is_out() -> None:
    async def story(
        cable: Cable, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"before\n")
        assert await reader.readline() == b"before\n"
        cable.plug(False)
        writer.write(b"meanwhile\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.readline()
        cable.plug(True)
        assert await reader.readline() == b"meanwhile\n"

    with_echo(story)


def test_a_new_connection_finds_no_route() -> None:
    async def story(
        cable: Cable, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        cable.plug(False)
        with pytest.raises(OSError, match="unreachable") as caught:
            await asyncio.open_connection("127.0.0.1", writer.get_extra_info("peername")[1])
        assert caught.value.errno == errno.ENETUNREACH
        with pytest.raises(OSError, match="unreachable"):
            await asyncio.get_running_loop().getaddrinfo("tinh.example", 443)

    with_echo(story)


class _Box(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue(maxsize=10)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.got.put_nowait(data)


def test_datagrams_are_gone_in_both_directions() -> None:
    async def story(
        cable: Cable, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        near, near_box = await loop.create_datagram_endpoint(_Box, local_addr=("127.0.0.1", 0))
        far, far_box = await loop.create_datagram_endpoint(_Box, local_addr=("127.0.0.1", 0))
        to_far = far.get_extra_info("sockname")
        cable.plug(False)
        near.sendto(b"lost", to_far)
        cable.plug(True)
        near.sendto(b"kept", to_far)
        assert await far_box.got.get() == b"kept"
        assert near_box.got.empty()
        near.close()
        far.close()

    with_echo(story)
