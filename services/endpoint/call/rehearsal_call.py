"""A rehearsal's call: joins for twenty seconds, and says what came, what arrived, how the line is.

Nothing of the room goes out: the microphone stays closed, so what is sent is the picture and
silence. That our media arrive is the far end's word: its receiver reports (RFC 3550 section 6.4.1),
of which the round trip is worked out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from appliance.core.end_reasons import EndReason
from appliance.core.problems import ProblemKey, of_call
from appliance.dialers.api import DIAL_DEADLINE_S, Call, CallStatistics, DialError
from appliance.wire.meeting import Meeting
from services.endpoint.call.quality import POOR_LOSS, POOR_RTT_MS
from services.endpoint.call.watch_call import watch_call

STAY_S = 20.0
"""Long enough for three reports of the far end, which come every five seconds."""
HANG_UP_S = 4.0
MOVED = 2.0
"""Of 255: the mean difference of two pictures of a camera whose scene stands still is below."""
HEARD_DBFS = -60.0
"""A room with people in it is above; digital silence and comfort noise are below."""
SMALL = (32, 18)
"""To this a picture is scaled before two are compared."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What one call showed; `problem` is the worst, None where all is well."""

    problem: ProblemKey | None
    picture: str = "none"
    """none, still or moving: the far picture."""
    sound: str = "none"
    """none, silent or heard: the far sound."""
    arrived: bool = False
    """The far end reported that it receives us."""
    rtt_ms: float | None = None
    loss: float | None = None
    """The share of the far end's packets that never came."""

    @property
    def text(self) -> str:
        """For reports: ``picture=moving sound=heard arrived=yes rtt_ms=35 loss_percent=0.0``."""
        words = [f"picture={self.picture}", f"sound={self.sound}"]
        words.append(f"arrived={'yes' if self.arrived else 'no'}")
        if self.rtt_ms is not None:
            words.append(f"rtt_ms={self.rtt_ms:.0f}")
        if self.loss is not None:
            words.append(f"loss_percent={100 * self.loss:.1f}")
        return " ".join(words)


class RehearsalCall:
    """Calls with `dial`, which raises `DialError`, as the site does in its meetings."""

    def __init__(
        self, dial: Callable[[Meeting], Awaitable[Call]], *, stay_s: float = STAY_S
    ) -> None:
        self._dial = dial
        self._stay_s = stay_s

    async def run(self, meeting: Meeting) -> CallResult:
        """Join `meeting`'s address, stay, and leave."""
        try:
            async with asyncio.timeout(DIAL_DEADLINE_S):
                call = await self._dial(meeting)
        except DialError as error:
            return CallResult(_of_end(error.reason))
        except TimeoutError:
            return CallResult(ProblemKey.CALL_UNREACHABLE)
        watched = _Watched()
        try:
            await watch_call(call, self._stay_s, see=watched.see, hear=watched.hear)
            return watched.result(call)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(HANG_UP_S):
                    await call.hang_up()


class _Watched:
    """What came in: the first picture, how far any later one was from it, the loudest sound."""

    def __init__(self) -> None:
        self._first: np.ndarray[Any, np.dtype[np.int16]] | None = None
        self._difference = 0.0
        self._loudest: float | None = None

    def see(self, frame: Any) -> None:
        small = frame.reformat(*SMALL, format="gray").to_ndarray().astype(np.int16)
        if self._first is None:
            self._first = small
        self._difference = max(self._difference, float(np.abs(small - self._first).mean()))

    def hear(self, frame: Any) -> None:
        samples = frame.to_ndarray().astype(np.float64) / 32768
        power = float(np.mean(samples**2)) if samples.size else 0.0
        level = 10 * np.log10(power) if power > 0 else -120.0
        self._loudest = level if self._loudest is None else max(self._loudest, level)

    def result(self, call: Call) -> CallResult:
        statistics = call.statistics()
        packets = statistics.received_packets + statistics.lost_packets
        picture = "none"
        if self._first is not None:
            picture = "moving" if self._difference >= MOVED else "still"
        sound = "none"
        if self._loudest is not None:
            sound = "heard" if self._loudest >= HEARD_DBFS else "silent"
        return CallResult(
            _problem(call, statistics),
            picture,
            sound,
            arrived=statistics.rtt_ms is not None,
            rtt_ms=statistics.rtt_ms,
            loss=statistics.lost_packets / packets if packets else None,
        )


def _problem(call: Call, statistics: CallStatistics) -> ProblemKey | None:
    """The worst thing that the call showed. Nobody else in the room is none."""
    if call.ended is not None and call.ended is not EndReason.OURS:
        return _of_end(call.ended)
    packets = statistics.received_packets + statistics.lost_packets
    alone = call.video is None and call.audio is None
    if not statistics.received_packets and not alone:
        return ProblemKey.CALL_NO_MEDIA
    if call.problems:
        return next(iter(call.problems))
    poor = packets > 0 and statistics.lost_packets / packets >= POOR_LOSS
    if poor or (statistics.rtt_ms or 0.0) >= POOR_RTT_MS:
        return ProblemKey.LINE_POOR
    return None if alone or statistics.rtt_ms is not None else ProblemKey.CALL_UNHEARD


def _of_end(reason: EndReason) -> ProblemKey | None:
    problem = of_call(reason, 0.0)
    return problem.key if problem is not None else None
