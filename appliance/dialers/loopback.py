"""``loopback:`` brings our own picture and sound back, through two real connections in here.

For the self-test: everything of a call runs but the net and the server. A hand is confirmed at
once, and nobody gives the floor.
"""

import asyncio
import time
from dataclasses import replace

from aiortc import MediaStreamTrack

from appliance.core.problems import ProblemKey
from appliance.dialers.api import (
    Call,
    CallStatistics,
    Change,
    DialError,
    EndReason,
    FarFloor,
    LocalTracks,
)
from appliance.dialers.path import NoPathError, close, path_stands
from appliance.dialers.stats import Measure
from appliance.media.receive.track import FarTrack
from appliance.media.webrtc.connection import connection
from appliance.wire.address import Address, AddressError
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.room_keys import RoomKeys

CONNECT_TIMEOUT_S = 5.0  # within one machine; more means that something is broken


class LoopbackCall:
    """See `appliance.dialers.api.Call`."""

    def __init__(self, near: LocalTracks, name: str) -> None:
        self.ended: EndReason | None = None
        self.detail = ""
        self.floor = FarFloor(speaker=name)
        self.problems: dict[ProblemKey, str] = {}
        self.alone = False
        self.heard_at = float("-inf")
        self.video: MediaStreamTrack | None = None
        self.audio: MediaStreamTrack | None = None
        self._near = near
        self._change = Change()
        self._measure = Measure(time.monotonic())
        self._out, self._back = connection(), connection()
        self._measuring: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Connect the two; raises NoPathError."""
        self._out.addTransceiver(self._near.audio, "sendonly")
        self._out.addTransceiver(self._near.video, "sendonly")
        await self._out.setLocalDescription(await self._out.createOffer())
        await self._back.setRemoteDescription(self._out.localDescription)
        await self._back.setLocalDescription(await self._back.createAnswer())
        await self._out.setRemoteDescription(self._back.localDescription)
        self._measuring = asyncio.create_task(self._measure.run(), name="loopback measure")
        for receiver in self._back.getReceivers():
            track = receiver.track
            if isinstance(track, FarTrack):
                self._measure.hears(track)
            if track.kind == "video":
                self.video = track
            else:
                self.audio = track
        await path_stands(self._out, CONNECT_TIMEOUT_S)
        self._measure.sends(self._out)

    async def changed(self) -> None:
        """Wait until any public attribute is another one."""
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        """Raise or lower the hand; nobody has to confirm it."""
        self.floor = replace(self.floor, hand_confirmed=up)
        self._change.tell()

    async def set_mic(self, live: bool) -> None:
        """Does nothing: there is no far end."""
        del live

    async def set_returned(self, returned: bool) -> None:
        """Does nothing: there is no far end."""
        del returned

    async def hang_up(self) -> None:
        """Stop; safe to say twice."""
        if self.ended is not None:
            return
        self.ended = EndReason.OURS
        self._change.tell()
        await self._measure.finish()
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)
        self.video = self.audio = None
        await close(self._out)
        await close(self._back)
        self._near.stop()

    def statistics(self) -> CallStatistics:
        """How the call goes, or went."""
        return self._measure.statistics()


class LoopbackDialer:
    """Dials ``loopback:``."""

    schemes = frozenset({"loopback"})

    async def dial(
        self,
        address: str,
        near: LocalTracks,
        *,
        name: str,
        keys: RoomKeys | None = None,
        codes: ConferenceCodes | None = None,
    ) -> Call:
        """Begin; raises DialError."""
        try:
            Address.parse(address)
        except AddressError as error:
            near.stop()
            raise DialError(EndReason.BAD_ADDRESS, str(error)) from None
        call = LoopbackCall(near, name)
        try:
            await call.join()
        except BaseException as error:
            await call.hang_up()
            if isinstance(error, NoPathError):
                raise DialError(EndReason.NO_MEDIA, str(error)) from None
            raise
        return call
