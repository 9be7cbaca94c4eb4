"""Sites and a chair for the tests of the dialers: numbered pictures, a tone each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import av
import numpy as np
from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from appliance.dialers.api import Call, Dialer, LocalTracks
from appliance.dialers.janus.display import Display, Feed
from appliance.dialers.janus.people import People
from appliance.dialers.janus.proof import ConsoleSigner
from appliance.dialers.janus.session import Answered, Event, Notified
from appliance.dialers.janus.socket import JanusSocket, LostError
from appliance.media.receive.track_follower import TrackFollower
from appliance.media.webrtc.connection import connection
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys
from tests.media.local_tracks import NumberedVideo, Tone, number_of
from tests.peers.janus import ROOM, SECRET

PATIENCE_S = 30.0
SPAN = 10_000  # so many pictures each; the hundreds of a tone tell a site as well


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait until it is so; the machine may be slow, so for long."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


def near(site: int) -> LocalTracks:
    """Tracks of site number ``site`` (1 to 5)."""
    return LocalTracks(NumberedVideo(first=site * SPAN), Tone(hertz=site * 400.0))


@dataclass
class Site:
    """A call with its far tracks read: which site is seen, which are heard."""

    call: Call
    numbers: list[int] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    _sound: list[Any] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def watch(self) -> "Site":
        """Begin to read."""
        picture, sound = TrackFollower(self._see), TrackFollower(self._hear)
        self._tasks = [
            asyncio.create_task(picture.run()),
            asyncio.create_task(sound.run()),
            asyncio.create_task(self._choose(picture, sound)),
        ]
        return self

    @property
    def sees(self) -> int:
        """The site in the newest picture; 0 for none."""
        return self.numbers[-1] // SPAN if self.numbers else 0

    def hears(self) -> set[int]:
        """The sites in the sound of the last half second."""
        if len(self._sound) < 25:
            return set()
        samples = np.concatenate(self._sound[-25:]).astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        at = {
            n: spectrum[int(n * 400 * len(samples) / 48000) + np.arange(-3, 4)] for n in range(1, 6)
        }
        return {n for n, levels in at.items() if levels.max() > 0.2 * spectrum.max()}

    async def leave(self) -> None:
        """Hang up and stop reading."""
        running = set(self._tasks)
        while running:
            # More than once: a follower that is just changing over may miss the first.
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.2)
        await self.call.hang_up()

    async def _choose(self, picture: TrackFollower, sound: TrackFollower) -> None:
        while True:
            picture.choose(self.call.video)
            sound.choose(self.call.audio)
            await self.call.changed()

    def _see(self, frame: Any) -> None:
        self.numbers.append(number_of(frame))
        self.due.append(float(frame.pts * frame.time_base))

    def _hear(self, frame: av.AudioFrame) -> None:
        self._sound.append(frame.to_ndarray()[0, ::2])
        del self._sound[:-50]


SIGNER = ConsoleSigner(bytes(range(32)))
KEYS = RoomKeys("m1", "site/" + "A" * 43, SIGNER.public)
"""What the feed of each of these sites says of its meeting's room."""


async def site(
    dialer: Dialer,
    address: str,
    number: int,
    keys: RoomKeys | None = KEYS,
    codes: ConferenceCodes | None = None,
) -> Site:
    """Dial and begin to watch."""
    named = f"site {number}"
    call = await dialer.dial(address, near(number), name=named, keys=keys, codes=codes)
    return Site(call).watch()


class Chair:
    """A chair at a VideoRoom, with picture and sound of its own (site 5).

    It signs as the province's console does; a false one does not.
    """

    def __init__(self, port: int, path: str, *, false: bool = False) -> None:
        self._false = false
        self._room = ROOM
        self.people = People()
        self._socket = JanusSocket(f"ws://127.0.0.1:{port}{path}", None, self._take)
        self._pc = connection()
        self._near = near(5)
        self._handle = 0
        self._reader: asyncio.Task[None] | None = None

    async def enter(self, room: int = ROOM) -> "Chair":
        """Join and send."""
        self._room = room
        await self._socket.open()
        self._reader = asyncio.create_task(self._read())
        await self._socket.create()
        self._handle = await self._socket.attach()
        self._pc.addTransceiver(self._near.audio, "sendonly")
        self._pc.addTransceiver(self._near.video, "sendonly")
        await self._pc.setLocalDescription(await self._pc.createOffer())
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room}
        body |= {"display": str(Display("Chủ trì", chair=True)), "chair_pin": SECRET}
        offer = {"type": "offer", "sdp": self._pc.localDescription.sdp}
        joined = await self._socket.message(self._handle, body, offer)
        await self._pc.setRemoteDescription(RTCSessionDescription(joined.sdp, "answer"))
        await self.give(None)
        return self

    async def give(self, number: Feed | None) -> None:
        """Give the floor, or take it back."""
        display = Display("Chủ trì", chair=True, floor=number, at=time.time())
        if not self._false:
            me = self.people.me
            display = replace(display, signature=SIGNER.sign(display, KEYS.meeting, self._room, me))
        await self._socket.message(self._handle, {"request": "configure", "display": str(display)})

    async def ask(self, **body: Any) -> None:
        """Ask the room for something as its chair."""
        await self._socket.message(self._handle, {"secret": SECRET, **body})

    def number(self, name: str) -> Feed:
        """The number of whoever has that name; 0 for nobody."""
        found = [p.number for p in self.people.persons.values() if p.display.name == name]
        return found[0] if found else 0

    def hand(self, name: str) -> bool:
        """Whether that one's hand is up."""
        return any(p.display.name == name and p.display.hand for p in self.people.persons.values())

    async def leave(self) -> None:
        """Go."""
        await self._socket.close()
        await self._pc.close()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        try:
            await self._socket.run()
        except (LostError, MediaStreamError):
            return

    async def _take(self, event: Event) -> None:
        if isinstance(event, Notified | Answered):
            self.people.take(event.data)
