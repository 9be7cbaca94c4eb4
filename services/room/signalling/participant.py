"""A publisher in a room: its name, its rights and what it sends."""

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
from services.room.media.transport import Transport
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json


class JoinedMeeting(Protocol):
    """What a participant needs of the meeting that it is in: its settings, and to be announced."""

    settings: RoomSettings

    def publishing(self) -> int:
        """How many participants send something."""

    def tell(self, about: "Participant", event: Json) -> None:
        """Send an event to everybody but this participant."""

    def tell_published(self, participant: "Participant") -> None:
        """Tell everybody else what this participant sends."""

    def remove(self, participant: "Participant") -> None:
        """Take a participant that has left off the list."""

    async def forget(self, media: PublishedMedia) -> None:
        """End every subscription to media that is not sent any more."""


@dataclass
class Participant:
    """``display`` is a plain name or the JSON of appliance.dialers.janus.display."""

    number: int
    private: int
    meeting: JoinedMeeting
    handle: Handle
    display: str = ""
    chair: bool = False
    media: PublishedMedia | None = None
    shown: bool = False
    welcomed: bool = False  # before its own "joined" it is told nothing

    @property
    def media_at(self) -> float | None:
        """When its media last came (monotonic s)."""
        return self.media.heard_at if self.media is not None else None

    def rename(self, display: str) -> None:
        """Take a new display; only who gave the chair's PIN may call itself the chair."""
        if Display.parse(display).chair and not self.chair:
            raise VideoRoomError(UNAUTHORISED, "Unauthorized (the chair's PIN is missing or wrong)")
        self.display = display

    def described(self) -> Json:
        """How the others are told of it."""
        streams = self.streams()
        return {"id": self.number, "display": self.display, "streams": streams}

    def streams(self) -> list[Json]:
        """What it sends, line by line."""
        if self.media is None:
            return []
        return [
            {"type": s.line.kind, "mindex": index, "mid": s.line.mid, "codec": s.line.codec}
            for index, s in enumerate(self.media.sources.values())
        ]

    async def publish(self, offer: str) -> str:
        """Begin to send, or send something else; gives the answer."""
        settings = self.meeting.settings
        if self.media is None:
            if self.meeting.publishing() >= settings.publishers:
                raise VideoRoomError(
                    PUBLISHERS_FULL,
                    f"Maximum number of publishers ({settings.publishers}) already reached",
                )
            self.media = PublishedMedia(self.number, settings.bitrate)
        try:
            text, path = await self.media.take_offer(offer, settings.codecs())
        except VideoRoomError:
            if not self.media.sources:
                self.media = None
            raise
        if not self.media.transport.started:
            self.handle.run(self.media.run(path, self._up), self.unpublish_now)
        elif self.shown:
            self.meeting.tell_published(self)
        return text

    async def unpublish(self) -> None:
        """Stop sending on request."""
        if self.media is None:
            raise VideoRoomError(NOT_PUBLISHED, "Can't unpublish, not published")
        await self.unpublish_now()
        await self.handle.stop_media()

    async def unpublish_now(self) -> None:
        """Stop sending, for whatever reason; safe to say twice."""
        media, self.media = self.media, None
        if media is None:
            return
        await self.meeting.forget(media)
        if self.shown:
            self.shown = False
            self.meeting.tell(self, {"unpublished": self.number})
        await media.transport.close()

    async def leave(self) -> None:
        """Leave the room."""
        await self.unpublish_now()
        await self.handle.stop_media()
        self.meeting.remove(self)

    def transport(self) -> Transport | None:
        """The path of what it sends."""
        return self.media.transport if self.media else None

    def _up(self) -> None:
        self.handle.up()
        self.shown = True
        self.meeting.tell_published(self)
