"""A far end in the test's own loop: sends a numbered picture, and reads the site's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from appliance.dialers.api import Call, LocalTracks
from appliance.dialers.registry import Dialers
from appliance.media.capture.camera import Camera
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.media.receive.track_follower import TrackFollower
from tests.code_picture import GUEST, SITE, Code, read, write_recording
from tests.code_sound import GUEST_HERTZ, write_beeps
from tests.process.waiting import PATIENCE_S, until

SIZE = (640, 360)
NAME = "Người ở xa"


class FarEnd:
    """What it sees, picture by picture: `codes`, each or None, and `steps`, how much each differs
    from the one before it (mean luma)."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.codes: list[Code | None] = []
        self.steps: list[float] = []
        self._last: NDArray[np.int16] | None = None
        self._picture = TrackFollower(self._see)
        self._sound = TrackFollower(lambda _frame: None)

    async def run(self) -> None:
        """Look and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._picture.run())
            group.create_task(self._sound.run())
            while self.call.ended is None:
                self._picture.choose(self.call.video)
                self._sound.choose(self.call.audio)
                await self.call.changed()

    async def moving(self, *, within: float = PATIENCE_S) -> None:
        """Wait for different codes of the site, from now on."""
        begin = len(self.codes)

        def look() -> bool:
            new = {code for code in self.codes[begin:] if code is not None and code.who == SITE}
            return len(new) >= 4

        await until("the site's moving picture at the far end", look, within=within,
                    else_say=lambda: self.codes[-20:])  # fmt: skip

    async def name_card(self) -> None:
        """Wait for pictures of the site without any code, one after another."""

        def look() -> bool:
            return len(self.codes) >= 5 and self.codes[-5:] == [None] * 5

        await until("the site's name card at the far end", look,
                    else_say=lambda: self.codes[-20:])  # fmt: skip

    def _see(self, frame: Any) -> None:
        assert isinstance(frame, av.VideoFrame)
        grey = frame.to_ndarray(format="gray").astype(np.uint8)
        self.codes.append(read(grey))
        small = grey[::4, ::4].astype(np.int16)
        if self._last is not None and self._last.shape == small.shape:
            self.steps.append(float(np.abs(small - self._last).mean()))
        self._last = small


@asynccontextmanager
async def a_far_end(folder: Path, address: str) -> AsyncIterator[FarEnd]:
    """Somebody else in the meeting, with camera and microphone."""
    camera = Camera(f"file:{write_recording(folder / 'guest.mp4', GUEST)}", SIZE, 15)
    microphone = Microphone(f"file:{write_beeps(folder / 'guest.wav', GUEST_HERTZ)}")
    camera.open()
    microphone.live = True
    microphone.open()
    near = LocalTracks(LocalVideo(camera), LocalAudio(microphone, "opus"))
    try:
        call = await Dialers().dial(address, near, name=NAME)
        far = FarEnd(call)
        looking = asyncio.create_task(far.run(), name="far end")
        try:
            yield far
        finally:
            await call.hang_up()
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
    finally:
        await asyncio.to_thread(camera.close)
        await asyncio.to_thread(microphone.close)
