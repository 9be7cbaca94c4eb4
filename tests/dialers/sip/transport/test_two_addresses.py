"""One name with two addresses, of which the first takes no connection."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.dialers.sip.transport.resolve import Target
from appliance.dialers.sip.transport.sockets import open_socket

SILENT, LIVE = "127.0.0.2", "127.0.0.1"


class TwoAddresses(asyncio.SelectorEventLoop):
    """A loop whose resolver knows both addresses by any name."""

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in (SILENT, LIVE)]


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
def test_the_second_address_of_a_name_is_tried_while_the_first_is_silent() -> None:
    async def story() -> float:
        server = await asyncio.start_server(lambda *_: None, LIVE, 0)
        port = server.sockets[0].getsockname()[1]
        with silent(port):
            begun = time.monotonic()
            target = Target("TCP", "mcu.vn", port, "mcu.vn")
            one = await open_socket(target, None, lambda *_: None, lambda *_: None)
            assert one.peer == (LIVE, port)
            await one.close()
        server.close()
        return time.monotonic() - begun

    with asyncio.Runner(loop_factory=TwoAddresses) as runner:
        assert runner.run(story()) < 5.0
