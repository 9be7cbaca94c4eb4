"""The far end of a guest's meeting: sends numbered pictures and writes down each number that comes.

Run as ``python -m tests.image.machine.guest.far_end ADDRESS CLIP SEEN``; a line of SEEN is who sent
a picture, its number, and the POSIX second at which it was decoded.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import av

from appliance.dialers.api import LocalTracks
from appliance.dialers.registry import Dialers
from appliance.media.capture.camera import Camera
from appliance.media.capture.i420 import plane
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.media.receive.track_follower import TrackFollower
from tests.code_picture import read

SIZE = (320, 180)
FPS = 5
BITRATE = 150_000


async def serve(address: str, clip: Path, seen: Path) -> None:
    """Join, and stay until the call is over or this process is ended."""
    camera, microphone = Camera(f"file:{clip}", SIZE, FPS), Microphone("none")
    camera.open()
    microphone.open()
    near = LocalTracks(LocalVideo(camera, BITRATE), LocalAudio(microphone, "opus"))
    call = await Dialers("").dial(address, near, name="Chủ tọa")
    with seen.open("a") as file:

        def keep(frame: Any) -> None:
            if not isinstance(frame, av.VideoFrame):
                return
            code = read(plane(frame, 0))
            if code is not None:
                file.write(f"{code.who} {code.number} {time.time():.3f}\n")
                file.flush()

        picture = TrackFollower(keep)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(picture.run(), name="far picture")
            while call.ended is None:
                picture.choose(call.video)
                await call.changed()
            reading.cancel()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
