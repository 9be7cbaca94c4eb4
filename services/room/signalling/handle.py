"""A handle of the gateway: one publisher or one subscription, and its media task."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.room.media.transport import Transport
from services.room.signalling.pin_attempts import Caller

log = logging.getLogger("diemcau.room")

Json = dict[str, Any]


class Role(Protocol):
    """What a handle is after its join: a publisher or a subscriber."""

    async def leave(self) -> None:
        """Stop all media and announce it."""

    def transport(self) -> Transport | None:
        """Its media path, once there is one."""

    @property
    def last_media_at(self) -> float | None:
        """When its last media came (monotonic s); None where it sends none."""


@dataclass
class Handle:
    """One handle; ``send`` sends a message to the client that owns it."""

    number: int
    send: Callable[[Json], None]
    role: Role | None = None
    caller: Caller = field(default_factory=Caller)
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def push(self, data: Json, offer: str | None = None, transaction: str | None = None) -> None:
        """Send one event of the plug-in, with an offer or an answer in ``offer`` if need be."""
        jsep = None if offer is None else {"type": "offer", "sdp": offer}
        self.event(data, jsep, transaction)

    def event(self, data: Json, jsep: Json | None, transaction: str | None) -> None:
        """Send one event of the plug-in."""
        message: Json = {"janus": "event", "sender": self.number}
        if transaction is not None:
            message["transaction"] = transaction
        message["plugindata"] = {"plugin": "janus.plugin.videoroom", "data": data}
        if jsep is not None:
            message["jsep"] = jsep
        self.send(message)

    def last_media_at(self) -> float | None:
        """When the last media came (monotonic s); None where none ever did."""
        return self.role.last_media_at if self.role is not None else None

    def connected(self) -> None:
        """Tell the client that its media path is connected."""
        self.send({"janus": "webrtcup", "sender": self.number})

    def run(
        self, media: Coroutine[Any, Any, None], on_end: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Run a media path until it is gone; then call ``on_end`` and send a "hangup" event."""
        self._task = asyncio.create_task(
            self._run_media(media, on_end), name=f"media {self.number}"
        )

    async def stop_media(self) -> None:
        """End the media path without an event. Idempotent."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Leave the room, for a handle that is detached."""
        role, self.role = self.role, None
        if role is not None:
            await role.leave()
        await self.stop_media()

    async def _run_media(
        self, media: Coroutine[Any, Any, None], on_end: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        await media
        log.info("room: media of handle %d is gone", self.number)
        await on_end()
        self.send({"janus": "hangup", "sender": self.number, "reason": "ICE failed"})
