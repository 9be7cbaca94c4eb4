"""The VideoRoom requests that this room answers, as Janus 1.x's plug-in has them.

Synchronous: ``list``, ``exists``, ``listparticipants``, ``kick`` and ``destroy`` (these two with
the room's chair PIN as ``secret``). Asynchronous, answered by an event: ``join`` as publisher or
subscriber, ``joinandconfigure``, ``configure``, ``publish``, ``unpublish``, ``subscribe``,
``unsubscribe``, ``update``, ``switch``, ``start``, ``pause``, ``leave``. Not supported: recording,
forwarding, simulcast, data channels, tokens, creation of rooms.

One extension: ``join`` may have ``chair_pin``, without which a display that names the chair is
refused. A real Janus ignores the field. Wrong PINs are counted (`pin_attempts.py`), whichever
request brings them; participants who are the chair are told of them (``wrong_pins``).
"""

import hmac
import time
from collections.abc import Callable, Mapping

from services.room.errors import (
    ALREADY_JOINED,
    INVALID_ELEMENT,
    INVALID_REQUEST,
    JOIN_FIRST,
    MISSING_ELEMENT,
    NO_SUCH_FEED,
    NO_SUCH_ROOM,
    UNAUTHORISED,
    VideoRoomError,
)
from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle, Json
from services.room.signalling.meeting import Meeting
from services.room.signalling.participant import Participant
from services.room.signalling.pin_attempts import Caller, PinAttempts
from services.room.signalling.subscription import Subscription

SYNCHRONOUS = frozenset({"list", "exists", "listparticipants", "kick", "destroy"})
MAX_DISPLAY_LENGTH = 512
Answer = tuple[Json, Json | None]


class VideoRoom:
    """All rooms of this process."""

    def __init__(
        self, rooms: list[RoomSettings], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.meetings = {settings.number: Meeting(settings) for settings in rooms}
        self.attempts = PinAttempts()
        self._monotonic = monotonic

    async def sweep(self, now: float) -> None:
        """End what was begun and never connected; tell the chairs of wrong PINs."""
        for meeting in list(self.meetings.values()):
            await meeting.sweep(now)
            meeting.tell_wrong_pins(self.attempts.recent(meeting.settings.number, now))

    async def handle_synchronous(self, body: Json, caller: Caller | None = None) -> Json:
        """Answer one of `SYNCHRONOUS`; raises VideoRoomError."""
        request = body.get("request")
        if request == "list":
            rooms = [self._summary(meeting) for meeting in self.meetings.values()]
            return {"videoroom": "success", "list": rooms}
        if request == "exists":
            number = body.get("room")
            known = isinstance(number, int) and number in self.meetings
            return {"videoroom": "success", "room": number, "exists": known}
        meeting = self._meeting(body)
        number = meeting.settings.number
        if request == "listparticipants":
            people = [
                {"id": p.number, "display": p.display, "publisher": p.media is not None}
                for p in meeting.participants.values()
            ]
            return {"videoroom": "participants", "room": number, "participants": people}
        chair_pin = meeting.settings.chair_pin
        if not self._knows(meeting, "chair", body.get("secret"), chair_pin, caller or Caller()):
            raise VideoRoomError(UNAUTHORISED, "Unauthorized (wrong secret)")
        if request == "kick":
            if not await meeting.kick(body.get("id")):
                raise VideoRoomError(NO_SUCH_FEED, f"No such user ({body.get('id')})")
            return {"videoroom": "success"}
        del self.meetings[number]
        await meeting.close()
        return {"videoroom": "destroyed", "room": number}

    async def handle_asynchronous(self, handle: Handle, body: Json, jsep: Json | None) -> Answer:
        """Answer any other request: an event, and perhaps a description. Raises VideoRoomError."""
        request = str(body.get("request", ""))
        role = handle.role
        if role is None:
            return await self._join(handle, request, body, jsep)
        if isinstance(role, Participant):
            return await self._participant(handle, role, request, body, jsep)
        if isinstance(role, Subscription):
            return await self._subscription(handle, role, request, body, jsep)
        raise VideoRoomError(INVALID_REQUEST, f"Unknown request '{request}'")

    async def after_response(self, handle: Handle) -> None:
        """Send what a request has caused, after its own answer."""
        if isinstance(handle.role, Subscription):
            await handle.role.offer_changes()

    async def _join(self, handle: Handle, request: str, body: Json, jsep: Json | None) -> Answer:
        if request not in ("join", "joinandconfigure"):
            raise VideoRoomError(JOIN_FIRST, "Invalid request on unconfigured participant")
        meeting = self._meeting(body)
        settings = meeting.settings
        caller = handle.caller
        if settings.pin and not self._knows(meeting, "pin", body.get("pin"), settings.pin, caller):
            raise VideoRoomError(UNAUTHORISED, "Unauthorized (wrong pin)")
        if body.get("ptype") == "subscriber":
            meeting.check_subscriptions()
            subscription = Subscription(meeting, handle, begun_at=self._monotonic())
            streams = _list(body, "streams") or ([{"feed": body["feed"]}] if "feed" in body else [])
            event, offer = await subscription.begin(streams)
            handle.role = subscription
            meeting.subscriptions.add(subscription)
            return event, {"type": "offer", "sdp": offer}
        if body.get("ptype", "publisher") != "publisher":
            raise VideoRoomError(INVALID_ELEMENT, f"Invalid element (ptype {body.get('ptype')!r})")
        chair = False
        if settings.chair_pin and body.get("chair_pin"):
            chair = self._knows(meeting, "chair", body["chair_pin"], settings.chair_pin, caller)
            if not chair:
                sentence = "Unauthorized (the chair's PIN is missing or wrong)"
                raise VideoRoomError(UNAUTHORISED, sentence)
        sends = request == "joinandconfigure" and jsep is not None
        await meeting.make_place(handle, sends=sends, chair=chair)
        participant = meeting.join(handle, _display(body) or "", chair=chair)
        answer = None
        if request == "joinandconfigure" and jsep is not None:
            try:
                answer = {"type": "answer", "sdp": await participant.publish(_sdp(jsep))}
            except VideoRoomError:
                handle.role = None
                await participant.leave()
                raise
        # Only now: others may have joined or published while the answer was made, and two who join
        # in the same moment would never learn of each other.
        return meeting.joined_event(participant), answer

    async def _participant(
        self, handle: Handle, role: Participant, request: str, body: Json, jsep: Json | None
    ) -> Answer:
        meeting = role.meeting
        event: Json = {"videoroom": "event", "room": meeting.settings.number}
        if request in ("configure", "publish"):
            display = _display(body)
            if display is not None and display != role.display:
                role.rename(display)
                meeting.announce(role, {"id": role.number, "display": display})
            if jsep is None:
                return {**event, "configured": "ok"}, None
            answer = await role.publish(_sdp(jsep))
            event = {**event, "configured": "ok", "streams": role.streams()}
            return event, {"type": "answer", "sdp": answer}
        if request == "unpublish":
            await role.unpublish()
            return {**event, "unpublished": "ok"}, None
        if request == "leave":
            handle.role = None
            await role.leave()
            return {**event, "leaving": "ok"}, None
        if request in ("join", "joinandconfigure"):
            raise VideoRoomError(ALREADY_JOINED, "Already in as a publisher on this handle")
        raise VideoRoomError(INVALID_REQUEST, f"Unknown request '{request}'")

    async def _subscription(
        self, handle: Handle, role: Subscription, request: str, body: Json, jsep: Json | None
    ) -> Answer:
        if request in ("update", "subscribe", "unsubscribe"):
            add, drop = _changes(request, body)
            event, offer = await role.update(add, drop)
            return event, None if offer is None else {"type": "offer", "sdp": offer}
        if request == "start":
            return await role.start(None if jsep is None else _sdp(jsep)), None
        if request == "switch":
            return role.switch(_streams(body, "streams", "feed", "mid")), None
        if request in ("configure", "pause"):
            return role.pause(_list(body, "streams")), None
        if request == "leave":
            handle.role = None
            await role.leave()
            return {"videoroom": "event", "room": role.meeting.settings.number, "left": "ok"}, None
        raise VideoRoomError(INVALID_REQUEST, f"Unknown request '{request}'")

    def _knows(
        self, meeting: Meeting, kind: str, given: object, wanted: str, caller: Caller
    ) -> bool:
        """Whether the caller gave the right PIN; raises VideoRoomError where it has to wait.

        None at all is no attempt, and nothing can be guessed where there is none.
        """
        number, now = meeting.settings.number, self._monotonic()
        if not wanted or given in (None, ""):
            return False
        self.attempts.check(number, kind, caller, now)
        if _same(given, wanted):
            self.attempts.right(number, kind, caller, now)
            return True
        self.attempts.wrong(number, kind, caller, now)
        return False

    def _meeting(self, body: Mapping[str, object]) -> Meeting:
        number = body.get("room")
        if number is None:
            raise VideoRoomError(MISSING_ELEMENT, "Missing mandatory element (room)")
        meeting = self.meetings.get(number) if isinstance(number, int) else None
        if meeting is None:
            raise VideoRoomError(NO_SUCH_ROOM, f"No such room ({number})")
        return meeting

    def _summary(self, meeting: Meeting) -> Json:
        settings = meeting.settings
        return {
            "room": settings.number,
            "description": settings.description,
            "pin_required": bool(settings.pin),
            "max_publishers": settings.publishers,
            "bitrate": settings.bitrate,
            "audiocodec": settings.audiocodec,
            "videocodec": settings.videocodec,
            "num_participants": len(meeting.participants),
        }


def _same(given: object, wanted: str) -> bool:
    # "replace": JSON brings half a letter, a lone surrogate.
    text = str(given).encode("utf-8", "replace") if isinstance(given, str | int) else b""
    return bool(wanted) and hmac.compare_digest(text, wanted.encode())


def _list(body: Json, key: str) -> list[Json]:
    value = body.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise VideoRoomError(INVALID_ELEMENT, f"Invalid element type ({key} should be an array)")
    return value


def _changes(request: str, body: Json) -> tuple[list[Json], list[Json]]:
    """The streams that a subscription is to have, and to have no more; as Janus checks them."""
    if request == "update":
        if not {"subscribe", "unsubscribe"} & body.keys():
            sentence = "At least one of either 'subscribe' or 'unsubscribe' must be present"
            raise VideoRoomError(MISSING_ELEMENT, sentence)
        return _streams(body, "subscribe", "feed"), _streams(body, "unsubscribe")
    if "streams" not in body:
        raise VideoRoomError(MISSING_ELEMENT, "Missing mandatory element (streams)")
    streams = _streams(body, "streams", *(["feed"] if request == "subscribe" else []))
    if not streams:
        raise VideoRoomError(INVALID_ELEMENT, "Empty subscription list")
    return (streams, []) if request == "subscribe" else ([], streams)


def _streams(body: Json, key: str, *needed: str) -> list[Json]:
    """A list of streams, each with the elements that it needs, of the right types."""
    streams = _list(body, key)
    for stream in streams:
        for name in needed:
            if stream.get(name) is None:
                raise VideoRoomError(MISSING_ELEMENT, f"Missing mandatory element ({name})")
        for name, kind in (("feed", int), ("mid", str), ("sub_mid", str)):
            value = stream.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
                raise VideoRoomError(INVALID_ELEMENT, f"Invalid element type ({name})")
    return streams


def _display(body: Json) -> str | None:
    value = body.get("display")
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_DISPLAY_LENGTH:
        raise VideoRoomError(INVALID_ELEMENT, "Invalid element (display)")
    return value


def _sdp(jsep: Json) -> str:
    text = jsep.get("sdp")
    if not isinstance(text, str):
        raise VideoRoomError(INVALID_ELEMENT, "Invalid element (jsep.sdp)")
    return text
