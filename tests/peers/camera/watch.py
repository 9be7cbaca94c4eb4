"""Opens /dev/video0 as the endpoint does, for some seconds, and says as JSON what came of it.

A program of its own: fake_v4l2.c has to be there before the C library is. Arguments: seconds, and
whether the camera's own H.264 may pass (1 or 0).
"""

import asyncio
import json
import sys

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from appliance.media.capture.camera import Camera
from appliance.media.capture.local_video import LocalVideo

SIZE = (320, 180)
WHITE = 225


async def _watch(seconds: float, passthrough: bool) -> dict[str, object]:
    card = np.full((90, 160, 3), 255, np.uint8)
    camera = Camera("v4l2:/dev/video0", SIZE, 30, card, passthrough=passthrough)
    camera.open()
    track = LocalVideo(camera, 800_000)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    states, problems = [str(camera.state)], set()
    pictures = cards = errors = 0
    damaged = False
    try:
        async with asyncio.timeout(seconds):
            while True:
                packet = await track.recv()
                if states[-1] != str(camera.state):
                    states.append(str(camera.state))
                problems.add(camera.problem)
                damaged = damaged or camera.damaged
                try:
                    frames = decoder.decode(packet)
                except av.FFmpegError:
                    errors += 1
                    continue
                for frame in frames:
                    white = frame.to_ndarray(format="gray").mean() > WHITE
                    cards, pictures = cards + white, pictures + (not white)
    except TimeoutError:
        pass
    track.stop()
    await asyncio.to_thread(camera.close)
    return {
        "states": states,
        "problems": sorted(problems - {""}),
        "pictures": int(pictures),
        "cards": int(cards),
        "errors": errors,
        "damaged": damaged,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_watch(float(sys.argv[1]), sys.argv[2] == "1"))))  # noqa: T201
