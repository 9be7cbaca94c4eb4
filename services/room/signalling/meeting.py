"""One room with the people in it: who is told what."""

import secrets
from dataclasses import dataclass, field

from services.room.errors import NO_SUCH_FEED, VideoRoomError
from services.room.media.publisher import PublishedMedia
from services.room.media.source import Source
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json
from services.room.signalling.participant import Participant
from services.room.signalling.subscription import Subscription

FULL = 200  # participants of one embedded room; a province uses a real Janus long before


@dataclass
class Meeting:
    """A room of the configuration and its participants, by their number."""

    settings: RoomSettings
    participants: dict[int, Participant] = field(default_factory=dict)
    subscriptions: set[Subscription] = field(default_factory=set)

    def enter(self, handle: Handle, display: str, *, chair: bool) -> Participant:
        """Let somebody in, under a number nobody else has."""
        number = secrets.randbits(48)
        participant = Participant(number, secrets.randbits(32), self, handle, chair=chair)
        participant.rename(display)
        self.participants[number] = participant
        handle.part = participant
        self.tell(participant, {"joining": {"id": number, "display": display}})
        return participant

    def welcome(self, participant: Participant) -> Json:
        """What somebody who has entered is told of the room; from here on it hears of changes."""
        participant.welcomed = True
        return {
            "videoroom": "joined",
            "room": self.settings.number,
            "description": self.settings.description,
            "id": participant.number,
            "private_id": participant.private,
            "publishers": self.others_published(participant),
            "attendees": self.others_silent(participant),
        }

    def publishing(self) -> int:
        """How many send something."""
        return sum(1 for p in self.participants.values() if p.media is not None)

    def others_published(self, me: Participant) -> list[Json]:
        """Everybody else who sends something."""
        return [p.described() for p in self.participants.values() if p.shown and p is not me]

    def others_silent(self, me: Participant) -> list[Json]:
        """Everybody else who sends nothing; as Janus's rooms with ``notify_joining``."""
        others = [p for p in self.participants.values() if not p.shown and p is not me]
        return [{"id": p.number, "display": p.display} for p in others]

    def tell(self, about: Participant, event: Json) -> None:
        """Tell everybody but one."""
        for participant in list(self.participants.values()):
            if participant is not about and participant.welcomed:
                data = {"videoroom": "event", "room": self.settings.number, **event}
                participant.handle.push(data)

    def tell_published(self, participant: Participant) -> None:
        """Tell everybody else what this one sends."""
        self.tell(participant, {"publishers": [participant.described()]})

    def remove(self, participant: Participant) -> None:
        """Somebody has left."""
        if self.participants.pop(participant.number, None) is not None:
            self.tell(participant, {"leaving": participant.number})

    def sources_of(self, stream: Json) -> list[Source]:
        """The sources that ``feed`` and perhaps ``mid`` name; raises VideoRoomError for none."""
        feed = self.participants.get(stream.get("feed", -1))
        if feed is None or feed.media is None:
            raise VideoRoomError(NO_SUCH_FEED, f"No such feed ({stream.get('feed')})")
        mid = stream.get("mid")
        found = [s for m, s in feed.media.sources.items() if mid is None or m == str(mid)]
        if not found:
            raise VideoRoomError(NO_SUCH_FEED, f"No such mid '{mid}' in feed ({feed.number})")
        return found

    def unsubscribe(self, subscription: Subscription) -> None:
        """Tell this subscription of no further change."""
        self.subscriptions.discard(subscription)

    async def forget(self, media: PublishedMedia) -> None:
        """Something is not sent any more: nobody can hear it."""
        for subscription in list(self.subscriptions):
            await subscription.forget(list(media.sources.values()))

    async def kick(self, number: int) -> bool:
        """Remove a participant; False when there is none of that number."""
        participant = self.participants.get(number)
        if participant is None:
            return False
        self.tell(participant, {"kicked": number})
        event = {"videoroom": "event", "room": self.settings.number}
        participant.handle.push({**event, "leaving": "ok", "reason": "kicked"})
        participant.handle.part = None
        await participant.leave()
        return True

    async def close(self) -> None:
        """End the meeting for everybody."""
        for participant in list(self.participants.values()):
            participant.handle.push({"videoroom": "destroyed", "room": self.settings.number})
            participant.handle.part = None
            await participant.leave()
