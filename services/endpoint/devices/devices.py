"""Camera and microphone: open while a call is wanted and at no other time."""

import asyncio
import logging
from collections.abc import Callable

from appliance.base.config import Site
from appliance.core.cooling import Cooling, cooled
from appliance.core.problems import Problem, ProblemKey
from appliance.dialers.api import LocalTracks
from appliance.media.capture.camera import Camera
from appliance.media.capture.device import CaptureState
from appliance.media.capture.i420 import Picture
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from appliance.media.codecs.board_encoders import SOFTWARE_ENCODER
from services.endpoint.devices.blank_picture import BlankPicture
from services.endpoint.devices.loudness import Loudness

log = logging.getLogger("diemcau.devices")

HEAT_INTERVAL_S = 2.0
"""A processor under load gains a degree in about so long."""


def _not_known() -> float | None:
    return None


class Devices:
    """Owns both devices. `want` may be called twice; opening never waits for a driver."""

    def __init__(
        self,
        site: Site,
        name_card: Picture,
        self_view: tuple[int, int],
        encoders: tuple[str, ...] = (SOFTWARE_ENCODER,),
        celsius: Callable[[], float | None] = _not_known,
    ) -> None:
        """`encoders`: FFmpeg's H.264 encoders to try in turn (codecs.board_encoders).

        `celsius` measures the processor's temperature, None where it is not known.
        """
        size = (site.camera.width, site.camera.height)
        self._bitrate = site.call.bitrate
        self.camera = Camera(
            site.camera.source,
            size,
            site.camera.fps,
            name_card,
            passthrough=site.camera.passthrough,
            encoders=encoders,
            self_view=self_view,
        )
        self.microphone = Microphone(site.microphone.source)
        self.loudness = Loudness()
        self._blank = BlankPicture()
        self._open = False
        self._celsius = celsius
        self._measured: float | None = None
        self._measured_at = float("-inf")
        self._cooling = Cooling()

    def want(self, wanted: bool, *, live: bool) -> None:
        """Open or close both; `live` lets what is said in the room out."""
        if self.microphone.live != (wanted and live):
            self.microphone.live = wanted and live
        self._cool(asyncio.get_running_loop().time())
        if wanted == self._open:
            return
        self._open = wanted
        if wanted:
            self.camera.open()
            self.microphone.open()
        else:
            # Joining a driver's thread may take long; the loop is not the place to wait for it.
            asyncio.get_running_loop().run_in_executor(None, self._close)

    def tracks(self) -> LocalTracks:
        """Fresh tracks for one call; they feed on the devices for as long as they are open."""
        return LocalTracks(
            video=LocalVideo(self.camera, self._bitrate), audio=LocalAudio(self.microphone, "opus")
        )

    def problems(self) -> list[Problem]:
        """What is missing, while it is wanted."""
        found = []
        if self.camera.state is CaptureState.ABSENT:
            found.append(Problem(ProblemKey.CAMERA_MISSING))
        if self._is_blank():
            found.append(Problem(ProblemKey.CAMERA_BLANK))
        if self.camera.damaged:
            found.append(Problem(ProblemKey.CAMERA_DAMAGED))
        if self.microphone.state is CaptureState.ABSENT:
            found.append(Problem(ProblemKey.MICROPHONE_MISSING))
        if self._is_deaf():
            found.append(Problem(ProblemKey.MICROPHONE_SILENT))
        if self._open and self._cooling.steps and self._measured is not None:
            found.append(Problem(ProblemKey.PICTURE_COOLED, detail=f"{self._measured:.0f} °C"))
        return found

    @property
    def figures(self) -> dict[str, float]:
        """``microphone_dbfs``, the loudest of the last minute, while the microphone is open."""
        dbfs = self.loudness.dbfs
        return {} if dbfs is None else {"microphone_dbfs": round(dbfs, 1)}

    def _cool(self, now: float) -> None:
        """Step the sent picture down or up by the processor's temperature."""
        if now - self._measured_at < HEAT_INTERVAL_S:
            return
        self._measured, self._measured_at = self._celsius(), now
        cooling = cooled(self._cooling, self._measured, now)
        if cooling.steps != self._cooling.steps:
            log.warning("near: %d steps down at %.1f °C", cooling.steps, self._measured)
        self._cooling = cooling
        self.camera.encoder.steps_down = cooling.steps

    def _is_deaf(self) -> bool:
        """Whether the open microphone hears nothing at all."""
        loudest = self.microphone.loudest()
        if self.microphone.state is not CaptureState.LIVE:
            self.loudness.forget()
        elif loudest is not None:
            self.loudness.hear(loudest, asyncio.get_running_loop().time())
        return self.loudness.deaf

    def _is_blank(self) -> bool:
        """Whether the open camera has shown nothing at all for a while."""
        picture = self.camera.preview()
        if self.camera.state is not CaptureState.LIVE or self.camera.on_card:
            self._blank.forget()
        elif picture is not None:
            self._blank.see(picture, asyncio.get_running_loop().time())
        return self._blank.lasts

    def _close(self) -> None:
        if self._open:
            return
        if not self.camera.close():
            log.warning("camera: its driver does not let go")
        if not self.microphone.close():
            log.warning("microphone: its driver does not let go")
