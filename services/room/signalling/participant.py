"""A participant of a room: its name, its rights and what it publishes."""

import time
from dataclasses import dataclass
from typing import Protocol

from appliance.dialers.janus.display import Display
from services.room.errors import (
    NOT_PUBLISHED,
    PUBLISHERS_FULL,
    UNAUTHORISED,
    VideoRoomError,
)
from services.room.media.publisher import PublishedMedia
from services.room.media.source import Source
from services.room.media.transport import Transport
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json


class JoinedMeeting(Protocol):
    """What a participant needs of the meeting that it is in: its settings, and to be announced."""

    settings: RoomSettings

    def publisher_count(self) -> int:
        """How many participants publish."""

    def announce(self, about: "Participant", event: Json) -> None:
        """Send an event to everybody but this participant."""

    def announce_publisher(self, participant: "Participant") -> None:
        """Send everybody else what this participant publishes."""

    def remove(self, participant: "Participant") -> None:
        """Take a participant that has left off the list."""

    async def end_subscriptions(self, sources: list[Source]) -> None:
        """End every subscription to sources that are not sent any more."""

    async def make_publisher_place(self) -> None:
        """Let somebody give way who publishes and has no media path."""


@dataclass
class Participant:
    """One participant; ``display`` is a name or the JSON of appliance.dialers.janus.display."""

    number: int
    private_id: int
    meeting: JoinedMeeting
    handle: Handle
    display: str = ""
    chair: bool = False
    media: PublishedMedia | None = None
    announced: bool = False
    published_at: float = 0.0  # monotonic s
    joined: bool = False  # before its own "joined" event it gets no other

    @property
    def origin(self) -> str:
        """Where it comes from, as attempts and places are counted."""
        return self.handle.caller.origin

    @property
    def last_media_at(self) -> float | None:
        """When its last media came (monotonic s); None while it sends none."""
        return self.media.last_rtp_at if self.media is not None else None

    def rename(self, display: str) -> None:
        """Take a new display; only with the chair's PIN may it name the chair."""
        if Display.parse(display).chair and not self.chair:
            raise VideoRoomError(UNAUTHORISED, "Unauthorized (the chair's PIN is missing or wrong)")
        self.display = display

    def description(self) -> Json:
        """Its entry in the lists of publishers."""
        streams = self.streams()
        return {"id": self.number, "display": self.display, "streams": streams}

    def streams(self) -> list[Json]:
        """The lines that it publishes."""
        if self.media is None:
            return []
        return [
            {"type": s.line.kind, "mindex": index, "mid": s.line.mid, "codec": s.line.codec}
            for index, s in enumerate(self.media.sources.values())
        ]

    async def publish(self, offer: str) -> str:
        """Take an offer to publish; returns the answer. Raises VideoRoomError."""
        settings = self.meeting.settings
        if self.media is None:
            await self.meeting.make_publisher_place()
            if self.meeting.publisher_count() >= settings.publishers:
                raise VideoRoomError(
                    PUBLISHERS_FULL,
                    f"Maximum number of publishers ({settings.publishers}) already reached",
                )
            self.media = PublishedMedia(self.number, settings.bitrate)
            self.published_at = time.monotonic()
        before = dict(self.media.sources)
        try:
            text, path = await self.media.take_offer(offer, settings.codecs())
        except VideoRoomError:
            if not self.media.sources:
                self.media = None
            raise
        after = self.media.sources
        await self.meeting.end_subscriptions(
            [one for mid, one in before.items() if after.get(mid) is not one]
        )
        if not self.media.transport.started:
            self.handle.run(self.media.run(path, self._on_connected), self.unpublish_now)
        elif self.announced:
            self.meeting.announce_publisher(self)
        return text

    async def unpublish(self) -> None:
        """Stop publishing, on request. Raises VideoRoomError."""
        if self.media is None:
            raise VideoRoomError(NOT_PUBLISHED, "Can't unpublish, not published")
        await self.unpublish_now()
        await self.handle.stop_media()

    async def unpublish_now(self) -> None:
        """Stop publishing, for whatever reason. Idempotent."""
        media, self.media = self.media, None
        if media is None:
            return
        await self.meeting.end_subscriptions(list(media.sources.values()))
        if self.announced:
            self.announced = False
            self.meeting.announce(self, {"unpublished": self.number})
        await media.transport.close()

    async def leave(self) -> None:
        """Leave the room."""
        await self.unpublish_now()
        await self.handle.stop_media()
        self.meeting.remove(self)

    def transport(self) -> Transport | None:
        """Its media path while it publishes."""
        return self.media.transport if self.media else None

    def _on_connected(self) -> None:
        self.handle.connected()
        self.announced = True
        self.meeting.announce_publisher(self)
