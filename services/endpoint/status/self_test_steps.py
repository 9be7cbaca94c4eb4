"""What each step of the self-test tries."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from appliance.base.clock import Clock
from appliance.core.problems import Area, Problem, ProblemKey
from appliance.media.capture.device import CaptureState
from appliance.media.tv.television import TvProblem
from hardware.display.tv_control import TvControl
from hardware.display.tv_state import TvState
from services.endpoint.agenda.agenda_poller import AgendaPoller
from services.endpoint.devices.blank_picture import is_blank
from services.endpoint.devices.near_devices import TestedDevices
from services.endpoint.status.self_test import Step

POLL_INTERVAL_S = 0.1
LISTEN_S = 2.0
WAKES_S = 5.0
"""For a TV that the test has woken: the lines before it took seconds already."""
NOT_YET_OPEN = (CaptureState.CLOSED, CaptureState.OPENING)
"""The conductor opens the devices in the turn after the start: a step that took a closed device for
a missing one said C1 and A1 at every site (cases, row U1)."""
AUDIBLE_DBFS = -60.0
"""A room with people in it is above; a microphone that is switched off is far below."""


class TestedTv(Protocol):
    """The TV as the self-test asks it (`appliance.media.tv.television`)."""

    @property
    def problem(self) -> TvProblem | None:
        """What is wrong with it."""

    def play(self, pcm: bytes, due: float) -> None:
        """Let it sound: s16le stereo 48 kHz, at a time of `time.monotonic`."""


class SelfTestSteps:
    """One method a step: it gives the problem that it finds, None where all is well."""

    def __init__(
        self,
        devices: TestedDevices,
        agenda_poller: AgendaPoller,
        clock: Clock,
        television: TestedTv,
        linked: Callable[[], bool],
        board: Callable[[], Sequence[Problem]] = tuple,
        tv_control: TvControl | None = None,
    ) -> None:
        """`linked`: whether the network cable is in; `board`: what the board cannot do;
        `tv_control`: what the TV says of itself."""
        self._devices = devices
        self._agenda_poller = agenda_poller
        self._clock = clock
        self._television = television
        self._linked = linked
        self._board = board
        self._tv_control = tv_control

    def by_area(self) -> dict[Area, Step]:
        """All steps, in the order in which a clerk would look."""
        return {
            Area.NETWORK: self._network,
            Area.CLOCK: self._time,
            Area.AGENDA: self._agenda,
            Area.CAMERA: self._camera,
            Area.SOUND: self._sound,
            Area.TV: self._tv,
        }

    async def _network(self) -> ProblemKey | None:
        return None if self._linked() else ProblemKey.NETWORK_CABLE

    async def _time(self) -> ProblemKey | None:
        return None if self._clock.trusted() else ProblemKey.CLOCK

    async def _agenda(self) -> ProblemKey | None:
        fetched_at = self._agenda_poller.state.fetched_at
        return None if fetched_at is not None else ProblemKey.AGENDA_MISSING

    async def _camera(self) -> ProblemKey | None:
        camera = self._devices.camera
        while camera.state in NOT_YET_OPEN:
            await asyncio.sleep(POLL_INTERVAL_S)
        if camera.state is CaptureState.NONE:
            return None
        if camera.state is not CaptureState.LIVE:
            return ProblemKey.CAMERA_MISSING
        picture = None
        while picture is None:  # the first question only wakes it
            await asyncio.sleep(POLL_INTERVAL_S)
            picture = camera.preview()
        return ProblemKey.CAMERA_BLANK if is_blank(picture) else None

    async def _sound(self) -> ProblemKey | None:
        self._television.play(chime(), time.monotonic())
        microphone = self._devices.microphone
        while microphone.state in NOT_YET_OPEN:
            await asyncio.sleep(POLL_INTERVAL_S)
        if microphone.state is CaptureState.NONE:
            return None
        if microphone.state is not CaptureState.LIVE:
            return ProblemKey.MICROPHONE_MISSING
        loudest = AUDIBLE_DBFS - 1
        for _ in range(round(LISTEN_S / POLL_INTERVAL_S)):
            loudest = max(loudest, microphone.level())
            await asyncio.sleep(POLL_INTERVAL_S)
        return None if loudest >= AUDIBLE_DBFS else ProblemKey.MICROPHONE_SILENT

    async def _tv(self) -> ProblemKey | None:
        match self._television.problem:
            case TvProblem.NO_PICTURE:
                return ProblemKey.TV_PROGRAM
            case TvProblem.NO_SOUND:
                unable = any(one.key is ProblemKey.BOARD_SOUND for one in self._board())
                return ProblemKey.BOARD_SOUND if unable else ProblemKey.SPEAKER_MISSING
            case None:
                return await self._asleep()

    async def _asleep(self) -> ProblemKey | None:
        """A TV that says that it sleeps; one that says nothing of itself is unknown, not bad."""
        if self._tv_control is None:
            return None
        for _ in range(round(WAKES_S / POLL_INTERVAL_S)):
            if self._tv_control.state not in (TvState.STANDBY, TvState.TRANSITION):
                return None
            await asyncio.sleep(POLL_INTERVAL_S)
        return ProblemKey.TV_UNCONFIRMED


def chime(seconds: float = 0.15, hertz: float = 660.0) -> bytes:
    """A soft tone for the self-test: s16le stereo 48 kHz."""
    at = np.arange(int(48_000 * seconds)) / 48_000
    wave = 8_000 * np.sin(2 * np.pi * hertz * at) * np.sin(np.pi * at / seconds)
    return np.repeat(wave.astype("<i2"), 2).tobytes()
