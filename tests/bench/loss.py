"""``python -m tests.bench.loss``: our receive side and aiortc's on the same lossy line, at once.

Each of the two gets counted pictures and a tone of its own from a far end that is a conference
system's kind (plain RTP, PLI and FIR heeded, nothing ever sent again), by a relay that loses,
delays and reorders both alike. Writes build/bench-loss.json and build/bench-loss.md.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from appliance.media.jitter.clock import FarClock
from appliance.media.plain_rtp_receiver import Receiving
from appliance.media.plain_rtp_sender import Sending
from appliance.media.plain_rtp_stream import RtpStream
from appliance.media.rtp_rate import SendRate
from tests.bench.loss_figures import Listener
from tests.bench.stock import Stock
from tests.dialers.sip.relay import HOST, Relay
from tests.media.lossy import Way
from tests.media.lossy_near import NumberedVideo, Tone

BUILD = Path(__file__).parents[2] / "build"
DELAY_S = 0.02  # each way
START_S = 4.0
APART_S = 7.0  # between single losses: stock aiortc needs 3.6 s for one
FORMATS = {"video": (96, "H264", 90000), "audio": (9, "G722", 8000)}
HEEDED = frozenset({"nack pli", "ccm fir"})


@dataclass(frozen=True, slots=True)
class Case:
    """One line: `single` losses, or `loss` at random with `jitter_s`."""

    name: str
    seconds: float
    single: int = 0
    loss: float = 0.0
    jitter_s: float = 0.0

    def way(self, kind: str) -> Way:
        """The way to the listener: the same for both receivers."""
        way = Way(seed=7, delay_s=DELAY_S, loss=self.loss, jitter_s=self.jitter_s)
        if self.single:
            begun = time.monotonic()
            lost = 0

            def drops(number: int, datagram: bytes) -> bool:
                nonlocal lost
                del number, datagram
                due = time.monotonic() - begun >= START_S + lost * APART_S
                lost += due
                return due and lost <= self.single

            way.drops = drops
        return way


CASES = (
    Case("none lost", 15.0),
    Case("one packet, three times", START_S + 3 * APART_S, single=3),
    *(Case(f"{loss} %, 40 ms jitter", 30.0, loss=loss / 100, jitter_s=0.04) for loss in (2, 5, 10)),
)


class _Ours:
    """Our receive side; the same shape as `Stock`."""

    def __init__(self, kind: str, payload_type: int, codec: str, rate: int) -> None:
        self._stream = _stream(kind, None)
        self._receiving = Receiving({payload_type: (codec, rate)}, HEEDED)
        self.path, self.track = self._stream.path, self._stream.track

    async def start(self) -> None:
        self._stream.use(None, self._receiving)

    async def stop(self) -> None:
        await self._stream.close()


RECEIVERS: dict[str, Callable[[str, int, str, int], "_Ours | Stock"]] = {
    "ours": _Ours,
    "aiortc": Stock,
}


def _stream(kind: str, near: MediaStreamTrack | None) -> RtpStream:
    return RtpStream(kind, near, clock=FarClock(), rate=SendRate(), name="bench", ask=lambda: None)


async def _medium(
    case: Case, kind: str, who: str, listener: Listener, stack: AsyncExitStack
) -> None:
    """One far end's medium to one receiver by a relay of its own."""
    number, codec, rate = FORMATS[kind]
    far = _stream(kind, NumberedVideo() if kind == "video" else Tone())
    receiver = RECEIVERS[who](kind, number, codec, rate)
    relay = await Relay(back=case.way(kind)).open()
    stack.callback(relay.close)
    for path in (far.path, receiver.path):
        await path.open(HOST)
    relay.offered(f"m={kind} {receiver.path.port} ", kind)
    relay.answered(f"m={kind} {far.path.port} ", kind)
    for path in (far.path, receiver.path):
        path.aim((HOST, relay.port), (HOST, relay.port + 1))
    stack.push_async_callback(far.close)
    stack.push_async_callback(receiver.stop)
    await receiver.start()
    far.use(Sending(number, codec, rate), None)
    reader = asyncio.create_task(_read(receiver.track, listener))
    stack.push_async_callback(_cancel, reader)


async def _read(track: MediaStreamTrack, listener: Listener) -> None:
    while True:
        try:
            frame: Any = await track.recv()
        except MediaStreamError:
            return
        now = time.monotonic()
        if isinstance(frame, av.VideoFrame):
            listener.pictures.append(now)
        else:
            listener.sounds.append((now, _heard(frame)))


def _heard(frame: av.AudioFrame) -> Any:
    """One channel at 48 kHz: ours is so; aiortc's G.722 comes as 16 kHz mono."""
    samples = frame.to_ndarray()[0]
    if len(frame.layout.channels) > 1 and not frame.format.is_planar:
        samples = samples[:: len(frame.layout.channels)]
    return samples.repeat(48000 // frame.sample_rate)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def measure(case: Case) -> dict[str, Any]:
    """Both receivers on that line, at once."""
    listeners = {who: Listener() for who in RECEIVERS}
    async with AsyncExitStack() as stack:
        for who, listener in listeners.items():
            for kind in FORMATS:
                await _medium(case, kind, who, listener, stack)
        await asyncio.sleep(2.0)  # first keyframe, first sound
        begun = time.monotonic()
        await asyncio.sleep(case.seconds - 2.0)
        ended = time.monotonic()
    return {who: one.figures(begun, ended - 0.3).plain() for who, one in listeners.items()}


def markdown(run: dict[str, Any]) -> str:
    """One line a case and receiver."""
    lines = [
        "| line | receiver | pictures | freezes | frozen s | longest s | sound gaps | silent s |"
        " longest s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, case in run.items():
        for who, one in case.items():
            numbers = " | ".join(f"{value:g}" for value in one.values())
            lines.append(f"| {name} | {who} | {numbers} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure; the exit code says whether it could be, not how good it is."""
    ask = argparse.ArgumentParser(prog="python -m tests.bench.loss", description=__doc__)
    ask.add_argument("--seconds", type=float, help="of each line, in place of its own")
    asked = ask.parse_args()
    run = {}
    for case in CASES:
        sys.stderr.write(f"bench: {case.name}\n")
        one = Case(case.name, asked.seconds or case.seconds, case.single, case.loss, case.jitter_s)
        run[case.name] = asyncio.run(measure(one))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-loss.json").write_text(json.dumps(run, indent=1) + "\n")
    (BUILD / "bench-loss.md").write_text(markdown(run))
    sys.stdout.write(markdown(run))


if __name__ == "__main__":
    main()
