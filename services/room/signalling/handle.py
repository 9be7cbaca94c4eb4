"""A handle of the gateway: one participant's publishing or one subscription, and its tasks."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.room.media.transport import Transport

log = logging.getLogger("diemcau.room")

Json = dict[str, Any]


class Part(Protocol):
    """What a handle became: a publisher or a subscriber."""

    async def leave(self) -> None:
        """Stop all media and tell the others."""

    def transport(self) -> Transport | None:
        """The path of its media, once there is one."""

    @property
    def media_at(self) -> float | None:
        """When media last came from it (monotonic s); None where it sends none."""


@dataclass
class Handle:
    """``push`` sends an event of the gateway to whoever owns the handle."""

    number: int
    send: Callable[[Json], None]
    part: Part | None = None
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

    def media_at(self) -> float | None:
        """When media last came by this handle (monotonic s); None where none ever did."""
        return self.part.media_at if self.part is not None else None

    def up(self) -> None:
        """Tell the owner that its media path stands."""
        self.send({"janus": "webrtcup", "sender": self.number})

    def run(
        self, media: Coroutine[Any, Any, None], over: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Keep a media path going until it is gone; then ``over`` and a "hangup" event."""
        self._task = asyncio.create_task(self._keep(media, over), name=f"media {self.number}")

    async def stop_media(self) -> None:
        """End the media path without an event; safe to say twice."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """The handle is detached: leave whatever it was in."""
        part, self.part = self.part, None
        if part is not None:
            await part.leave()
        await self.stop_media()

    async def _keep(
        self, media: Coroutine[Any, Any, None], over: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        await media
        log.info("room: media of handle %d is gone", self.number)
        await over()
        self.send({"janus": "hangup", "sender": self.number, "reason": "ICE failed"})
