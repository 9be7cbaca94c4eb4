"""A network path between two connections with loss, delay and reordering, the same for a seed."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiortc import RTCPeerConnection
from aiortc.rtp import is_rtcp

RTP, RTCP = range(128, 192), range(192, 209)


def is_media(datagram: bytes) -> bool:
    """Whether a datagram is SRTP (RFC 5764 section 5.1.2), and not SRTCP, DTLS or STUN."""
    return datagram[0] in RTP and not is_rtcp(datagram)


@dataclass
class LossyPath:
    """One direction. `drops` decides by the running number and the bytes of a media packet."""

    seed: int = 1
    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0  # evenly spread, so that packets overtake one another
    drops: Callable[[int, bytes], bool] = lambda number, datagram: False
    duplicates: float = 0.0
    passed: int = 0
    dropped: int = 0
    _random: random.Random = field(default_factory=random.Random)
    _number: int = 0

    def __post_init__(self) -> None:
        self._random.seed(self.seed)

    def delays(self, datagram: bytes) -> list[float]:
        """When the copies of a datagram arrive, in seconds from now; empty when it is lost."""
        if not is_media(datagram):
            # What speaks back is only delayed: what becomes of lost feedback is `loss` there.
            return [self.delay_s]
        self._number += 1
        if self.drops(self._number, datagram) or self._random.random() < self.loss:
            self.dropped += 1
            return []
        self.passed += 1
        copies = 2 if self._random.random() < self.duplicates else 1
        return [self.delay_s + self._random.random() * self.jitter_s for _ in range(copies)]


def insert_path(sender: RTCPeerConnection, path: LossyPath) -> None:
    """Send what `sender` sends by `path`; to be called when its transceivers are there."""
    seen: set[int] = set()
    for transceiver in sender.getTransceivers():
        transport = transceiver.sender.transport.transport
        if id(transport) not in seen:
            seen.add(id(transport))
            patched: Any = transport
            patched._send = _sends(transport._send, path)


Send = Callable[[bytes], Coroutine[Any, Any, None]]


def _sends(send: Send, path: LossyPath) -> Send:
    tasks: set[asyncio.Task[None]] = set()

    async def later(datagram: bytes, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        try:
            await send(datagram)
        except ConnectionError:
            return

    async def sent(datagram: bytes) -> None:
        for delay in path.delays(datagram):
            if not delay:
                await send(datagram)
                continue
            task = asyncio.create_task(later(datagram, delay))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    return sent
