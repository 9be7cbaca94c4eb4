"""A site's camera and microphone as its self-test asks them, each with what a story does to it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from appliance.core.problems import Problem
from appliance.media.capture.device import CaptureState

SCENE = np.tile(np.linspace(16, 235, 32).astype(np.uint8), (27, 1))
"""An I420 picture of 32 by 18 in which there is something to be seen."""
VOICE_DBFS, DEAD_DBFS = -30.0, -90.0


@dataclass
class StoryCamera:
    """`present`: plugged in; `black`: behind its cover."""

    present: bool = True
    black: bool = False
    open: bool = False

    @property
    def state(self) -> CaptureState:
        return _state(self.open, self.present)

    def preview(self) -> NDArray[np.uint8] | None:
        return np.full_like(SCENE, 16) if self.black else SCENE


@dataclass
class StoryMicrophone:
    """`dead`: it is there, and nobody is heard."""

    present: bool = True
    dead: bool = False
    open: bool = False

    @property
    def state(self) -> CaptureState:
        return _state(self.open, self.present)

    def level(self) -> float:
        return DEAD_DBFS if self.dead else VOICE_DBFS


@dataclass
class StoryNear:
    """Both."""

    camera: StoryCamera = field(default_factory=StoryCamera)
    microphone: StoryMicrophone = field(default_factory=StoryMicrophone)

    def want(self, wanted: bool) -> None:
        self.camera.open = self.microphone.open = wanted


class StoryDevices:
    """Camera and microphone, of which a story wants to know when they were open."""

    def __init__(self) -> None:
        self.open = self.live = False
        self.opened = 0
        self.found: list[Problem] = []
        self.tested = StoryNear()

    def want(self, wanted: bool, *, live: bool) -> None:
        self.opened += wanted and not self.open
        self.open, self.live = wanted, wanted and live
        self.tested.want(wanted)

    def problems(self) -> list[Problem]:
        return self.found

    @property
    def figures(self) -> dict[str, float]:
        return {}


def _state(opened: bool, present: bool) -> CaptureState:
    if not opened:
        return CaptureState.CLOSED
    return CaptureState.LIVE if present else CaptureState.ABSENT
