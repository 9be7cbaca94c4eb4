"""The bitrate ladder: which picture size and frame rate suit a bit rate.

Below its last rung video stops and leaves the line to the sound, whose rate never changes. The bit
rate itself comes from `rtp.send_rate.SendRate`.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.media.formats import Size


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: picture size and rate, and the bit rates at which it is entered
    from below and left downward."""

    size: Size
    fps: float
    enter_bps: int
    leave_bps: int


BITRATE_LADDER = (
    Rung(Size(1280, 720), 30, 800_000, 600_000),
    Rung(Size(960, 540), 30, 500_000, 400_000),
    Rung(Size(640, 360), 30, 300_000, 220_000),
    Rung(Size(640, 360), 15, 180_000, 140_000),
    Rung(Size(320, 180), 15, 110_000, 80_000),
)
"""Best first."""


def rung_for(
    bps: int,
    now_on: Rung | None,
    *,
    starting: bool = False,
    ladder: tuple[Rung, ...] = BITRATE_LADDER,
) -> Rung | None:
    """The rung for a bit rate: up where it can be entered, down where it must be left, None where
    video stops. `now_on` is the present rung (None: video is stopped); a start is judged as if
    from above, so that a rate between two thresholds is used well."""
    best = ladder[0] if starting else now_on
    if best is not None and bps < best.leave_bps:
        lower = [rung for rung in ladder if rung.leave_bps < best.leave_bps]
        return next((rung for rung in lower if bps >= rung.leave_bps), None)
    entered = next((rung for rung in ladder if bps >= rung.enter_bps), None)
    if best is None or (entered is not None and entered.enter_bps > best.enter_bps):
        return entered
    return best


def lowered(
    rung: Rung | None, steps: int, ladder: tuple[Rung, ...] = BITRATE_LADDER
) -> Rung | None:
    """`rung`, or the one `steps` below the best where that is lower; None where video stops."""
    if rung is None or steps >= len(ladder):
        return None
    return ladder[max(ladder.index(rung), steps)]


def within(rung: Rung, size: Size, fps: float) -> tuple[Size, float]:
    """A rung's size and rate for a camera that gives this size and rate: never scaled up, and in
    the camera's own aspect."""
    scale = min(1.0, rung.size.width / size.width, rung.size.height / size.height)
    if scale < 1.0:
        size = Size(round(size.width * scale / 2) * 2, round(size.height * scale / 2) * 2)
    return size, min(fps, rung.fps)
