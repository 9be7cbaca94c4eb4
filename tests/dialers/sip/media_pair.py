"""Two media sessions that call each other over loopback, and what each of them receives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np

from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.media_session import MediaSession
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.media.receive.track_follower import TrackFollower
from tests.media.local_tracks import NumberedVideo, Tone, number_of

PATIENCE_S = 30.0
HOST = "127.0.0.1"


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait until it is so; the machine may be slow, so for long."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


async def there_is(true: Callable[[], bool], what: str) -> None:
    """Wait until a peer's console says so; asked from a thread, since the media go on meanwhile."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(true):
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


@dataclass
class End:
    """One side: its session, the numbers of the pictures that it saw, the last of its sound."""

    video: NumberedVideo
    audio: Tone
    session: MediaSession
    asked: list[str] = field(default_factory=list)  # keyframes, by the signalling
    keys: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    sound: list[Any] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def watch(self) -> None:
        """Read the far tracks, whichever they are."""
        self._picture, self._sound = TrackFollower(self._see), TrackFollower(self._hear)
        self._tasks = [
            asyncio.create_task(self._picture.run()),
            asyncio.create_task(self._sound.run()),
        ]
        self.session.changed = self.choose
        self.choose()

    def choose(self) -> None:
        self._picture.choose(self.session.video)
        self._sound.choose(self.session.audio)

    def _see(self, frame: av.VideoFrame) -> None:
        self.numbers.append(number_of(frame))

    def _hear(self, frame: av.AudioFrame) -> None:
        self.sound.append(frame.to_ndarray()[0, ::2])
        del self.sound[:-50]

    @property
    def hertz(self) -> float:
        """The loudest of the last half second; 0 for silence."""
        if len(self.sound) < 25:
            return 0.0
        samples = np.concatenate(self.sound[-25:]).astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        if spectrum.max() < 1000:
            return 0.0
        return float(spectrum.argmax() * 48000 / len(samples))

    def hears(self, hertz: float) -> bool:
        return abs(self.hertz - hertz) < 10

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.session.close()


def end(encryption: Encryption, *, first: int = 0, hertz: float = 440.0) -> End:
    """A side whose pictures are numbered from `first` and whose sound is a tone of `hertz`."""
    asked: list[str] = []
    video, audio = NumberedVideo(first=first), Tone(hertz)
    session = MediaSession(
        LocalTracks(video, audio),
        encryption=encryption,
        name="test",
        on_keyframe_wanted=lambda: asked.append("INFO"),
    )
    made = End(video, audio, session, asked)
    session.heard_key = made.keys.append
    return made


@asynccontextmanager
async def media_pair(
    one: Encryption = Encryption.OFF,
    other: Encryption = Encryption.OFF,
    *,
    offer: Callable[[str], str] = str,
    answer: Callable[[str], str] = str,
) -> AsyncIterator[tuple[End, End]]:
    """Both, agreed and received from; `offer` and `answer` may rewrite the descriptions."""
    a, b = end(one, hertz=440.0), end(other, first=10_000, hertz=880.0)
    try:
        await a.session.open(HOST)
        await b.session.open(HOST)
        agree(a, b, offer=offer, answer=answer)
        a.watch()
        b.watch()
        yield a, b
    finally:
        await a.close()
        await b.close()


def agree(
    a: End,
    b: End,
    *,
    offer: Callable[[str], str] = str,
    answer: Callable[[str], str] = str,
) -> None:
    """One offer from `a`, one answer from `b`."""
    a.session.accept(answer(b.session.answer(offer(a.session.offer()))))


async def media_flow(a: End, b: End) -> None:
    """Wait for pictures and the right tone on both sides."""
    await until(lambda: len(set(a.numbers)) > 15, "fifteen pictures at one end")
    await until(lambda: len(set(b.numbers)) > 15, "fifteen pictures at the other end")
    assert all(number >= 10_000 for number in a.numbers)
    assert all(number < 10_000 for number in b.numbers)
    await until(lambda: a.hears(880.0), "the tone at one end")
    await until(lambda: b.hears(440.0), "the tone at the other end")
