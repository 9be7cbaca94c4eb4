"""A box on the way of one medium: loses, delays, reorders, rewrites, puts in packets."""

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.media.lossy_path import LossyPath

HOST = "127.0.0.1"
Address = tuple[str, int]


@dataclass
class Relay:
    """Both ends know its ports only; what comes from the one that answers goes by `back`."""

    back: LossyPath = field(default_factory=LossyPath)
    rewrite: Callable[[bytes], bytes] = bytes
    seen: list[bytes] = field(default_factory=list)  # RTCP from the end that offers
    port: int = 0
    _sockets: list[asyncio.DatagramTransport] = field(default_factory=list)
    _behind: int = 0  # RTP port of the end that answers
    _before: dict[int, Address] = field(default_factory=dict)  # where the other end sends from

    async def open(self) -> "Relay":
        loop = asyncio.get_running_loop()
        while len(self._sockets) < 2:
            first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            first.bind((HOST, 0))
            self.port = first.getsockname()[1]
            second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                second.bind((HOST, self.port + 1))
            except (OSError, OverflowError):
                first.close()
                second.close()
                continue
            for number, one in enumerate((first, second)):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                made, _ = await loop.create_datagram_endpoint(
                    lambda number=number: _Side(self, number),  # type: ignore[misc]
                    sock=one,
                )
                self._sockets.append(made)
        return self

    def offered(self, sdp: str, kind: str) -> str:
        """The offer with our port in place of that medium's."""
        port, sdp = self._replaced(sdp, kind)
        self._before = {0: (HOST, port), 1: (HOST, port + 1)}
        return sdp

    def answered(self, sdp: str, kind: str) -> str:
        """The answer with our port in place of that medium's."""
        self._behind, sdp = self._replaced(sdp, kind)
        return sdp

    def _replaced(self, sdp: str, kind: str) -> tuple[int, str]:
        found = re.search(rf"m={kind} (\d+) ", sdp)
        assert found is not None
        return int(found[1]), sdp.replace(found[0], f"m={kind} {self.port} ")

    def inject(self, data: bytes, number: int) -> None:
        """Send to the end that offers, from our RTP (0) or RTCP (1) port."""
        if number in self._before:
            self._sockets[number].sendto(data, self._before[number])

    def came(self, number: int, data: bytes, source: Address) -> None:
        if source != (HOST, self._behind + number):
            self._before[number] = source
            if number:
                self.seen.append(data)
            self._sockets[number].sendto(data, (HOST, self._behind + number))
            return
        for delay in self.back.delays(data):
            if delay:
                asyncio.get_running_loop().call_later(
                    delay, self.inject, self.rewrite(data), number
                )
            else:
                self.inject(self.rewrite(data), number)

    def close(self) -> None:
        for one in self._sockets:
            one.close()
        self._before.clear()


class _Side(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay, number: int) -> None:
        self._relay = relay
        self._number = number

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.came(self._number, data, addr)
