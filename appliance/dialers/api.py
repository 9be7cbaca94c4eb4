"""The seam of all dialers: an address and our tracks go in, a call comes out.

DialersError
 ├── DialError      no call came about: a reason of the closed set and a sentence
 ├── NoPathError    (path) ICE or DTLS did not come about, or broke
 ├── RefusedError   (janus.socket) the server answered a request with an error
 └── LostError      (janus.socket) the session cannot be had back
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiortc import MediaStreamTrack

from appliance.core.end_reasons import EndReason
from appliance.core.problems import ProblemKey
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys

__all__ = [
    "DIAL_DEADLINE_S",
    "AudioStatistics",
    "Call",
    "CallStatistics",
    "Change",
    "DialError",
    "Dialer",
    "DialersError",
    "EndReason",
    "FarFloor",
    "LocalTracks",
    "VideoStatistics",
]

DIAL_DEADLINE_S = 20.0
"""From the address to the call: two thirds of SIP's timer B (RFC 3261 17.1.1.2, 32 s); people on
site lose patience at about twenty."""


class DialersError(Exception):
    """Something in the dialers went wrong."""


class DialError(DialersError):
    """No call came about. ``reason`` for machines, ``detail`` one sentence for people."""

    def __init__(self, reason: EndReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class LocalTracks:
    """Our two tracks for one call: appliance.media's NearVideo and NearAudio, or any like them.

    A call stops them when it ends or does not come about, so each call gets fresh ones.
    """

    video: MediaStreamTrack
    audio: MediaStreamTrack

    def stop(self) -> None:
        """Stop both."""
        self.video.stop()
        self.audio.stop()


@dataclass(frozen=True, slots=True)
class FarFloor:
    """What the far end has confirmed. ``speaker`` is who is seen, "" for nobody; ``entering``
    says that a hand is told and confirmed later: the call is still in an entry queue.

    ``gives`` is whether it would say so when it gave the floor or muted this site. A SIP conference
    system says neither (docs/architecture.md): there one asks to speak and is called by name.
    """

    hand_confirmed: bool = False
    given: bool = False
    speaker: str = ""
    entering: bool = False
    gives: bool = True


@dataclass(frozen=True, slots=True)
class VideoStatistics:
    """Pictures since the call began; ``width`` and ``height`` are the far picture's."""

    codec: str = ""
    sent_frames: int = 0
    received_frames: int = 0
    width: int = 0
    height: int = 0
    lost_packets: int = 0
    freezes: int = 0


@dataclass(frozen=True, slots=True)
class AudioStatistics:
    """Sound since the call began, in seconds; of what was received ``concealed_s`` was made up."""

    codec: str = ""
    sent_s: float = 0.0
    received_s: float = 0.0
    concealed_s: float = 0.0
    lost_packets: int = 0


@dataclass(frozen=True, slots=True)
class CallStatistics:
    """How a call goes. ``connected_s`` and ``first_picture_s`` count from the dialling."""

    connected_s: float | None = None
    first_picture_s: float | None = None
    video: VideoStatistics = field(default_factory=VideoStatistics)
    audio: AudioStatistics = field(default_factory=AudioStatistics)
    rtt_ms: float | None = None
    sent_kbps: float = 0.0
    received_kbps: float = 0.0
    received_packets: int = 0

    @property
    def lost_packets(self) -> int:
        """Sound and picture together; those that never came, retransmission included."""
        return self.video.lost_packets + self.audio.lost_packets

    @property
    def flowed(self) -> bool:
        """Whether media went both ways."""
        sent = self.video.sent_frames > 0 or self.audio.sent_s > 0
        received = self.video.received_frames > 0 or self.audio.received_s > 0
        return sent and received


class Call(Protocol):
    """A call that is up, or was: ``ended`` says why it is over, ``detail`` in words."""

    @property
    def video(self) -> MediaStreamTrack | None:
        """The far picture to show now; another track when somebody else is seen."""

    @property
    def audio(self) -> MediaStreamTrack | None:
        """The far sound, mixed where the far end gives several."""

    @property
    def floor(self) -> FarFloor:
        """What the far end says of hand, floor and speaker."""

    @property
    def problems(self) -> Mapping[ProblemKey, str]:
        """What does not go in a call that is up (FAR_VIDEO, ROOM_CODEC), each with a few words on
        who or what it is, such as "Chủ tọa: VP9"; outside text, so short."""

    @property
    def alone(self) -> bool | None:
        """Whether nobody else is in; None where the far end does not tell (SIP)."""

    @property
    def heard_at(self) -> float:
        """The monotonic second of the far end's last sign of life that is no media to show: RTCP,
        say, while it is silent; -inf where none is known."""

    @property
    def ended(self) -> EndReason | None:
        """Why the call is over; None while it is up."""

    @property
    def detail(self) -> str:
        """A sentence about how it ended."""

    async def changed(self) -> None:
        """Wait until any of the above is another one."""

    async def set_hand(self, up: bool) -> None:
        """Raise or lower the hand; the far end's answer shows in ``floor``."""

    async def set_mic(self, live: bool) -> None:
        """Tell the far end whether our microphone is on; silence itself is the near track's."""

    async def set_returned(self, returned: bool) -> None:
        """Tell the far end that this site gives the floor back; False once it has taken note."""

    async def hang_up(self) -> None:
        """Leave politely and free everything; safe to say twice."""

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""


class Dialer(Protocol):
    """Makes calls to addresses of its schemes."""

    schemes: frozenset[str]

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Call ``address`` as ``name``; raises DialError. ``keys`` are for a Janus room, ``codes``
        for a conference system that is called by SIP."""


class Change:
    """Wakes everybody who waits for a call to change; no change between two waits is missed by
    a waiter that looks before it waits, since both happen in one turn of the loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next change."""
        await self._event.wait()
