"""The near end as the conductor sees it: what it is told, and what it is asked."""

from collections.abc import Mapping
from typing import Protocol

from appliance.core.problems import Problem
from appliance.media.capture.device import CaptureState
from appliance.media.capture.i420 import Picture


class NearDevices(Protocol):
    """Camera and microphone (`services.endpoint.devices.devices`)."""

    def want(self, wanted: bool, *, live: bool) -> None:
        """Open or closed; `live` lets what is said out."""

    def problems(self) -> list[Problem]:
        """What is missing while it is wanted."""

    @property
    def figures(self) -> Mapping[str, float]:
        """What was measured, by the names of `wire.facts.EndpointFacts`."""


class TestedCamera(Protocol):
    """A camera as the self-test asks it."""

    @property
    def state(self) -> CaptureState:
        """Whether it gives pictures."""

    def preview(self) -> Picture | None:
        """Its newest picture (I420); None: none yet."""


class TestedMicrophone(Protocol):
    """A microphone as the self-test asks it."""

    @property
    def state(self) -> CaptureState:
        """Whether it gives sound."""

    def level(self) -> float:
        """How loud it is now, in dBFS."""


class TestedDevices(Protocol):
    """Both (`services.endpoint.devices.devices`)."""

    @property
    def camera(self) -> TestedCamera:
        """The camera."""

    @property
    def microphone(self) -> TestedMicrophone:
        """The microphone."""
