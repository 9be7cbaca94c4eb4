"""Several sites in one process: ``python -m tests.load.dialers.sites SPEC``.

Each site is the product's own: its conductor, agenda, doors, call keeper and dialers, on the real
clock, with a feed of its own; camera and microphone are shared by the sites of a process. The TV
and the panel are those of the stories. Pictures are small and come from a file that is passed
through undecoded. Every site decodes what it receives, and draws nothing.

Says ``ready`` on a line, takes the meeting's begin (POSIX s) from a line of its input, and then
prints a line of JSON for each site that is in, and one a second of all. Ends with its input. At
SIGUSR1 one of them speaks.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame
from av.packet import Packet
from av.stream import Stream

from appliance.base.config import SipChoices
from appliance.core.redial import own_doors, power_delay
from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.registry import Dialers
from appliance.media.capture.camera import Camera
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.wire.meeting import Meeting
from tests.stories.evening import Evening, at

BEGIN, END = "14:00", "16:00"
"""Of the stories' day; the process's own clock is set so that they are the real ones."""
LOOK_S = 0.05
TELL_S = 1.0
RARE_S = 0.08


class Spec(msgspec.Struct, forbid_unknown_fields=True):
    """What the process is told in a file."""

    sites: list[str]
    address: str
    doors_s: float
    folder: str
    picture: str
    rate: tuple[int, int, float]
    """Width, height and pictures a second of it."""
    user: str = ""
    uptime_s: float | None = None
    """Of the boards, when their programs start; None: long."""
    rare_sound: bool = False


@dataclass(slots=True)
class In:
    """One site is in: when it was to dial, when it did, when media flowed both ways (POSIX s)."""

    site: str
    own_at: float
    dialled_at: float
    in_at: float


class RareSound(LocalAudio):
    """A packet of silence each tenth of a second, as Opus sends it where nobody speaks (RFC 6716,
    2.1.9), since 40 sites of one machine receive from eight others each."""

    rare_s = RARE_S

    async def recv(self) -> Packet[Stream] | AudioFrame:
        """The next packet; what was between is left out, as after a stall."""
        await asyncio.sleep(self.rare_s)
        return await super().recv()


@dataclass
class Process:
    """The sites of one process."""

    spec: Spec
    dialers: Dialers
    camera: Camera
    microphone: Microphone
    shift_s: float = 0.0
    dialled: dict[str, float] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    sounds: dict[str, RareSound] = field(default_factory=dict)
    """Newest by site, in the order in which they dialled."""
    tries: int = 0

    async def dial(self, name: str, meeting: Meeting) -> Call:
        """Dial as that site; its first try is noted."""
        self.dialled.setdefault(name, time.time())
        self.tries += 1
        call = await self.dialers.dial(meeting.address, self._near(name), name=name)
        self.calls[name] = call
        return call

    def _near(self, name: str) -> LocalTracks:
        sound: MediaStreamTrack = LocalAudio(self.microphone)
        if self.spec.rare_sound:
            sound = self.sounds[name] = RareSound(self.microphone)
        return LocalTracks(LocalVideo(self.camera), sound)

    def speak(self) -> None:
        """The first that is in sends each packet from now on, as with an open microphone."""
        for sound in list(self.sounds.values())[:1]:
            sound.rare_s = 0.0

    def evening(self, name: str) -> Evening:
        """That site's, with its feed."""
        folder = Path(self.spec.folder) / name
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "run").mkdir(exist_ok=True)
        one = Evening(folder, BEGIN, partial(self.dial, name))
        one.seed, one.closes_s = name, None
        one.uptime_s = inf if self.spec.uptime_s is None else self.spec.uptime_s
        one.clock.off = time.time() + self.shift_s - one.clock.now()
        doors = self.spec.doors_s / 60.0
        one.meeting("load", BEGIN, END, address=self.spec.address, doors=doors)
        return one

    async def live(self, begin: float) -> None:
        """All of them, until cancelled."""
        self.shift_s, started = at(BEGIN).timestamp() - begin, time.time()
        async with AsyncExitStack() as stack:
            evenings = {name: self.evening(name) for name in self.spec.sites}
            for one in evenings.values():
                await stack.enter_async_context(one.powered())
            waiting, told_at = set(evenings), 0.0
            while True:
                await asyncio.sleep(LOOK_S)
                for name in [name for name in waiting if self._in(name, evenings[name])]:
                    waiting.remove(name)
                    own = begin - own_doors(self.spec.doors_s, name)
                    if own < started:
                        own = started + power_delay(name, evenings[name].uptime_s, started - own)
                    _say(asdict(In(name, own, self.dialled[name], time.time())))
                if time.time() - told_at >= TELL_S:
                    told_at = time.time()
                    _say(self._counts())

    def _in(self, name: str, evening: Evening) -> bool:
        """Whether its picture is sent, and the far one is on its TV."""
        call = self.calls.get(name)
        return call is not None and call.statistics().flowed and evening.tv.seen_at > 0.0

    def _counts(self) -> dict[str, float]:
        """Of all calls: packets, pictures, and how many far ends report of what we sent (RTCP)."""
        found = [call.statistics() for call in self.calls.values() if call.ended is None]
        return {
            "at": time.time(),
            "calls": len(found),
            "received": sum(one.received_packets for one in found),
            "lost": sum(one.lost_packets for one in found),
            "reported": sum(one.rtt_ms is not None for one in found),
            "sent_kbps": sum(one.sent_kbps for one in found),
            "received_kbps": sum(one.received_kbps for one in found),
            "tries": self.tries,
        }


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def _run(spec: Spec) -> None:
    password = Path(spec.folder) / "password"
    password.touch()
    choices = SipChoices(user=spec.user, password_file=str(password)) if spec.user else None
    width, height, fps = spec.rate
    camera = Camera(f"file:{spec.picture}", (width, height), fps, passthrough=True)
    process = Process(spec, Dialers(sip=choices), camera, Microphone("lavfi:anullsrc"))
    camera.open()
    process.microphone.open()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, process.speak)
    _say({"ready": time.time()})
    begin = await asyncio.to_thread(sys.stdin.readline)
    living = asyncio.create_task(process.live(float(begin)))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait({living, ended}, return_when=asyncio.FIRST_COMPLETED)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    if living.done() and not living.cancelled() and living.exception() is not None:
        raise living.exception() or RuntimeError
    camera.close()
    process.microphone.close()


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Spec)))
