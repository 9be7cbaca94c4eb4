"""The far end of the bench, in a process of its own: sends the content and takes what comes back.

Run as ``python -m tests.benchmark.far ADDRESS CLIP``. It answers each line on standard input with
one of JSON: ``live`` (be a camera from now on), ``look SECONDS`` (decode what comes and count it;
else nothing is decoded), ``tell`` (when pictures and tones were made).
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import av
import uvloop

from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.registry import Dialers
from appliance.media.formats import Size
from tests.benchmark.content import read_raw
from tests.benchmark.far_tracks import FarPicture, FarSound, copied


async def serve(address: str, clip: Path) -> None:
    """Join, and do what is asked until standard input ends."""
    frames = [copied(frame) for frame in read_raw(clip)]
    picture = FarPicture(frames, Size(frames[0].width, frames[0].height))
    sound = FarSound()
    call = await Dialers("").dial(address, LocalTracks(picture, sound), name="Chủ tọa")
    _say({"up": True})
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode():
        what, *words = line.split()
        if what == "live":
            picture.live()
            _say({})
        elif what == "look":
            _say(await _look(call, float(words[0])))
        elif what == "tell":
            _say({"taken": picture.taken, "made": sound.made})
    await call.hang_up()


async def _look(call: Call, seconds: float) -> dict[str, Any]:
    """What the other side sends: pictures a second and their size."""
    times: list[float] = []
    size = (0, 0)
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds + 1.0):
            while call.video is not None and time.monotonic() - began < seconds + 1.0:
                frame = await call.video.recv()
                # The first second is the keyframe's that a reader who wakes up asks for.
                if isinstance(frame, av.VideoFrame) and time.monotonic() - began > 1.0:
                    times.append(time.monotonic())
                    size = (frame.width, frame.height)
    except TimeoutError:
        pass
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
    return {"fps": round(rate, 1), "width": size[0], "height": size[1]}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2])))
