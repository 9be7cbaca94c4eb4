"""The near end as the conductor sees it: what it is told, and what it is asked."""

from collections.abc import Mapping
from typing import Protocol

from appliance.core.problems import Problem


class NearDevices(Protocol):
    """Camera and microphone (`services.endpoint.devices.devices`)."""

    def want(self, wanted: bool, *, live: bool) -> None:
        """Open or closed; `live` lets what is said out."""

    def problems(self) -> list[Problem]:
        """What is missing while it is wanted."""

    @property
    def figures(self) -> Mapping[str, float]:
        """What was measured, by the names of `wire.facts.EndpointFacts`."""
