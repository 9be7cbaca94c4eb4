"""The near end as the conductor sees it: what it may tell, and what it may ask."""

from typing import Protocol

from appliance.core.problems import Problem


class NearDevices(Protocol):
    """Camera and microphone (`services.endpoint.devices.devices`)."""

    def want(self, wanted: bool, *, live: bool) -> None:
        """Open or closed; `live` lets what is said out."""

    def problems(self) -> list[Problem]:
        """What is missing while it is wanted."""
