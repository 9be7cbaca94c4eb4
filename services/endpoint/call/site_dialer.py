"""Dials as this site: with its name, its camera and its microphone."""

from appliance.dialers.api import Call
from appliance.dialers.registry import Dialers
from appliance.wire.meeting import Meeting
from services.endpoint.devices.devices import Devices


class SiteDialer:
    """What `CallKeeper` dials with. Each call has tracks of its own, which feed on the devices."""

    def __init__(self, dialers: Dialers, devices: Devices, name: str) -> None:
        """`name` is what the far end reads, for example ``Xã Ia Kly``."""
        self._dialers = dialers
        self._devices = devices
        self._name = name

    async def dial(self, meeting: Meeting) -> Call:
        """Call the address of `meeting`; raises `DialError`.

        No deadline of its own: whoever dials has one (`dialers.api.DIAL_DEADLINE_S`).
        """
        return await self._dialers.dial(
            meeting.address,
            self._devices.tracks(),
            name=self._name,
            keys=meeting.keys,
            codes=meeting.codes,
        )
