"""A far end that a story can switch off, lock and break: a dialer whose wire is the story's."""

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack

from appliance.core.end_reasons import EndReason
from appliance.core.problems import ProblemKey
from appliance.dialers.api import CallStatistics, Change, DialError, FarFloor
from appliance.wire.meeting import Meeting

FRAME_S = 1.0
"""One picture a second keeps four hours of meeting cheap."""
DIAL_S = 0.3
LEAVE_S = 0.1
NO_ROUTE_S = 5.0


@dataclass
class FarEnd:
    """What the story does to the province: its rooms, its network, its chair."""

    up: bool = True
    routed: bool = True
    silent: bool = False
    line: CallStatistics = field(default_factory=CallStatistics)
    """What each call measures."""
    calls: list["StoryCall"] = field(default_factory=list)
    dialed: list[tuple[float, str]] = field(default_factory=list)

    async def dial(self, meeting: Meeting) -> "StoryCall":
        """As the real dialers: a call, or `DialError` with a reason."""
        now = asyncio.get_running_loop().time()
        self.dialed.append((now, meeting.address))
        if not self.routed:
            await asyncio.sleep(NO_ROUTE_S)
            raise DialError(EndReason.UNREACHABLE, "no route")
        await asyncio.sleep(DIAL_S)
        if not self.up:
            raise DialError(EndReason.UNREACHABLE, "connection refused")
        call = StoryCall(self, meeting.address)
        self.calls.append(call)
        return call

    @property
    def live(self) -> list["StoryCall"]:
        """The calls that are up now."""
        return [call for call in self.calls if call.ended is None]

    def drop(self) -> None:
        """The server hangs up on everybody."""
        for call in self.live:
            call.end(EndReason.FAR_END, "the room was closed")


class _Picture(MediaStreamTrack):
    kind = "video"

    def __init__(self, far: FarEnd) -> None:
        super().__init__()
        self._far = far

    async def recv(self) -> av.VideoFrame:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(FRAME_S)
        while not self._far.routed or self._far.silent:
            await asyncio.sleep(FRAME_S)
        frame = av.VideoFrame.from_ndarray(np.zeros((24, 16), np.uint8), format="yuv420p")
        frame.pts, frame.time_base = int(loop.time() * 1000), Fraction(1, 1000)
        return frame


class StoryCall:
    """A call as `appliance.dialers.api.Call` says."""

    def __init__(self, far: FarEnd, address: str) -> None:
        self.address = address
        self._far = far
        self.video: MediaStreamTrack | None = _Picture(far)
        self.audio: MediaStreamTrack | None = None
        self.floor = FarFloor(speaker="Chủ tọa")
        self.alone: bool | None = False
        self.problems: dict[ProblemKey, str] = {}
        self.heard_at = float("-inf")
        self.ended: EndReason | None = None
        self.detail = ""
        self.hands: list[bool] = []
        self.mics: list[bool] = []
        self.returns: list[bool] = []
        self.confirms = True
        self._change = Change()

    async def changed(self) -> None:
        await self._change.wait()

    async def set_hand(self, up: bool) -> None:
        self.hands.append(up)
        if self.confirms:
            self.say(FarFloor(up, self.floor.given, self.floor.speaker))

    async def set_mic(self, live: bool) -> None:
        self.mics.append(live)

    async def set_returned(self, returned: bool) -> None:
        self.returns.append(returned)

    def say(self, floor: FarFloor) -> None:
        """The far end's word on hand and floor."""
        self.floor = floor
        self._change.tell()

    def leave_alone(self, alone: bool) -> None:
        """All others leave, or somebody comes."""
        self.alone = alone
        self._change.tell()

    def end(self, reason: EndReason, detail: str) -> None:
        if self.ended is None:
            self.ended, self.detail = reason, detail
            self._change.tell()

    async def hang_up(self) -> None:
        self.end(EndReason.OURS, "we left")
        await asyncio.sleep(LEAVE_S)
        if self.video is not None:
            self.video.stop()

    def statistics(self) -> CallStatistics:
        return self._far.line
