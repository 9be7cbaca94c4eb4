"""One name with two addresses, of which the first takes no connection."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.sockets import open_socket

NAME = "mcu.vn"
SILENT, LIVE = "127.0.0.2", "127.0.0.1"


def both(port: Any) -> Any:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in (SILENT, LIVE)]


class TwoAddresses(asyncio.SelectorEventLoop):
    """A loop whose resolver knows both addresses by the name."""

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return both(port) if host == NAME else await super().getaddrinfo(host, port, **options)


class EndpointsLoop(uvloop.Loop):
    """The same of the loop in which the endpoint runs."""

    async def getaddrinfo(self, host: Any, port: Any, *more: Any, **options: Any) -> Any:
        if host == NAME:
            return both(port)
        return await super().getaddrinfo(host, port, *more, **options)


@contextlib.contextmanager
def silent(port: int) -> Iterator[None]:
    """A listener whose queue is full: the kernel answers no SYN to it."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((SILENT, port))
        full.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((SILENT, port))
        yield


@pytest.mark.case("C6")
@pytest.mark.parametrize("loop", [TwoAddresses, EndpointsLoop])
def test_the_second_address_of_a_name_is_tried_while_the_first_is_silent(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def story() -> float:
        server = await asyncio.start_server(lambda *_: None, LIVE, 0)
        port = server.sockets[0].getsockname()[1]
        with silent(port):
            begun = time.monotonic()
            target = Target("TCP", NAME, port, NAME)
            one = await open_socket(target, None, lambda *_: None, lambda *_: None)
            assert one.peer == (LIVE, port)
            await one.close()
        server.close()
        return time.monotonic() - begun

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(story()) < 5.0
