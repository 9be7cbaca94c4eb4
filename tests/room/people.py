"""People of a room without a network: a handle that keeps what it was sent, and what they offer."""

from typing import Any

from services.room.settings import RoomSettings
from services.room.signalling.handle import Handle
from services.room.signalling.participant import Participant
from services.room.signalling.pin_attempts import Caller
from services.room.signalling.subscription import Subscription
from services.room.signalling.videoroom import VideoRoom

ROOM = 1234
CHAIR_PIN = "4321"
FINGERPRINT = ":".join(["A1"] * 32)

_LINES = {
    "audio": ("audio 9 UDP/TLS/RTP/SAVPF 111", "111 opus/48000/2", "minptime=10"),
    "video": (
        "video 9 UDP/TLS/RTP/SAVPF 102",
        "102 H264/90000",
        "packetization-mode=1;profile-level-id=42e01f",
    ),
}


def session(*media: str) -> str:
    """A description of these lines (RFC 8866), each as `line` gives it."""
    return "".join(f"{one}\r\n" for one in ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0")) + (
        "".join(media)
    )


def line(
    kind: str,
    mid: str,
    *,
    ssrc: int | None = None,
    direction: str = "sendonly",
    setup: str = "actpass",
    more: tuple[str, ...] = (),
) -> str:
    """One line of somebody who sends Opus or H.264 from nowhere: it has no candidates."""
    head, codec, parameters = _LINES[kind]
    payload_type = codec.split()[0]
    text = [
        f"m={head}",
        "c=IN IP4 0.0.0.0",
        f"a={direction}",
        f"a=mid:{mid}",
        "a=rtcp-mux",
        f"a=rtpmap:{codec}",
        f"a=fmtp:{payload_type} {parameters}",
        "a=ice-ufrag:ufrg",
        "a=ice-pwd:0123456789012345678901",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=setup:{setup}",
        *more,
    ]
    if ssrc is not None:
        text.append(f"a=ssrc:{ssrc} cname:x")
    return "".join(f"{one}\r\n" for one in text)


BOTH = session(line("audio", "0", ssrc=11), line("video", "1", ssrc=22))


def rooms(**settings: Any) -> VideoRoom:
    """One room, `ROOM`, with these settings."""
    return VideoRoom([RoomSettings(ROOM, "họp", chair_pin=CHAIR_PIN, **settings)])


class Person:
    """One handle, and all that it was sent."""

    def __init__(self, room: VideoRoom, number: int, address: str = "") -> None:
        self.room = room
        self.received: list[dict[str, Any]] = []
        self.handle = Handle(number, self.received.append, caller=Caller(address))

    async def ask(self, request: str, sdp: str | None = None, **body: Any) -> dict[str, Any]:
        """The event that answers; a description is under "sdp"."""
        jsep = None if sdp is None else {"type": "offer", "sdp": sdp}
        body = {"request": request, "room": ROOM, **body}
        event, answer = await self.room.handle_asynchronous(self.handle, body, jsep)
        await self.room.after_response(self.handle)
        return event if answer is None else {**event, "sdp": answer["sdp"]}

    def events(self) -> list[dict[str, Any]]:
        """The plug-in's data of all events since the last call, without the room's number."""
        found = [one["plugindata"]["data"] for one in self.received if "plugindata" in one]
        self.received.clear()
        return [{k: v for k, v in one.items() if k not in ("room", "videoroom")} for one in found]

    async def publish(self, display: str, sdp: str = BOTH) -> int:
        """Join and publish; the path counts as connected. Returns the number."""
        joined = await self.ask("joinandconfigure", sdp, ptype="publisher", display=display)
        assert isinstance(self.handle.role, Participant)
        self.handle.role._on_connected()
        number: int = joined["id"]
        return number

    async def subscribe(self, *streams: dict[str, Any]) -> dict[str, Any]:
        """Subscribe to these; the event."""
        return await self.ask("join", ptype="subscriber", streams=list(streams))

    @property
    def participant(self) -> Participant:
        """What it is after its join."""
        assert isinstance(self.handle.role, Participant)
        return self.handle.role

    @property
    def subscription(self) -> Subscription:
        """What it is after it subscribed."""
        assert isinstance(self.handle.role, Subscription)
        return self.handle.role
