"""A site's camera in a program of its own: `Devices`, a track of it, and who decodes that.

For each line of JSON that comes in, one goes out. ``want`` opens or closes the devices; ``fault``
and ``every`` say what is wrong with the camera from now on (fake_v4l2.c); whatever is asked, the
answer says what the product makes of it. Arguments: the seed of fake_v4l2.c's dice, and whether
the camera's own H.264 may pass (1 or 0).
"""

import asyncio
import contextlib
import ctypes
import json
import logging
import sys
from typing import Any

from aiortc.mediastreams import MediaStreamError

from appliance.base.site_file import parse_site
from appliance.media.capture.local_video import LocalVideo
from services.endpoint.devices.devices import Devices
from tests.peers.camera.viewer import CARD, Viewer

SITE = """[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "/a.ics"
[camera]
source = "v4l2:/dev/video0"
width = 320
height = 180
fps = 30
passthrough = {passthrough}
[microphone]
source = "none"
"""

Json = dict[str, Any]


class _Program:
    def __init__(self, seed: int, *, passthrough: bool) -> None:
        self._fake = ctypes.CDLL(None)
        self._fake.camera_seed(ctypes.c_ulonglong(seed))
        text = SITE.format(passthrough=str(passthrough).lower())
        self._devices = Devices(parse_site(text.encode()), CARD, (160, 90))
        self._viewer: Viewer | None = None

    async def run(self) -> None:
        """Until the input ends."""
        track = self._devices.tracks().video
        assert isinstance(track, LocalVideo)
        self._viewer = Viewer(track)
        seeing = asyncio.create_task(self._see(self._viewer))
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(self._answer(json.loads(line))), flush=True)  # noqa: T201
            if seeing.done():
                seeing.result()
        track.stop()
        await seeing
        self._devices.want(False, live=False)

    async def _see(self, viewer: Viewer) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                await viewer.see()

    def _answer(self, asked: Json) -> Json:
        if "fault" in asked:
            self._fake.camera_fault(asked["fault"].encode(), asked.get("every", 1))
        if "want" in asked:
            self._devices.want(asked["want"], live=False)
        counts = (ctypes.c_long * 3)()
        self._fake.camera_counts(counts)
        camera, viewer = self._devices.camera, self._viewer
        assert viewer is not None
        return {
            "problems": [str(problem.key) for problem in self._devices.problems()],
            "state": str(camera.state), "problem": camera.problem, "on_card": camera.on_card,
            "pictures": viewer.pictures, "cards": viewer.cards, "undecoded": viewer.errors,
            "buffers": counts[0], "spoiled": counts[1], "opens": counts[2],
        }  # fmt: skip


if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    asyncio.run(_Program(int(sys.argv[1]), passthrough=sys.argv[2] == "1").run())
