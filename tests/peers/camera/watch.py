"""Opens /dev/video0 as the endpoint does, for some seconds, and says as JSON what came of it.

A program of its own: fake_v4l2.c has to be there before the C library is. Arguments: seconds, and
whether the camera's own H.264 may pass (1 or 0).
"""

import asyncio
import json
import sys

from appliance.media.capture.camera import Camera
from appliance.media.capture.local_video import LocalVideo
from tests.peers.camera.viewer import CARD, Viewer

SIZE = (320, 180)


async def _watch(seconds: float, passthrough: bool) -> dict[str, object]:
    camera = Camera("v4l2:/dev/video0", SIZE, 30, CARD, passthrough=passthrough)
    camera.open()
    track = LocalVideo(camera, 800_000)
    viewer = Viewer(track)
    states, problems = [str(camera.state)], set()
    damaged = False
    try:
        async with asyncio.timeout(seconds):
            while True:
                await viewer.see()
                if states[-1] != str(camera.state):
                    states.append(str(camera.state))
                problems.add(camera.problem)
                damaged = damaged or camera.damaged
    except TimeoutError:
        pass
    track.stop()
    await asyncio.to_thread(camera.close)
    return {
        "states": states,
        "problems": sorted(problems - {""}),
        "pictures": viewer.pictures,
        "cards": viewer.cards,
        "errors": viewer.errors,
        "damaged": damaged,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_watch(float(sys.argv[1]), sys.argv[2] == "1"))))  # noqa: T201
