"""Pure control of the video bit rate: what the line bears, and which size and rate suit it.

Additive increase, multiplicative decrease on receiver reports (RFC 3550 section 6.4.1), with the
loss thresholds of draft-ietf-rmcat-gcc-02 section 6, and REMB as a ceiling where the far end sends
it. Sound is never touched: audio outlives video.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from appliance.media.formats import Size

LOSS_BAD = 0.10
"""Above this loss fraction the line is overfull: step down at once."""
LOSS_GOOD = 0.02
"""Below this it may bear more; between the two nothing is changed (radio loses a little always)."""
RTT_RISE_S = 0.25
"""A round trip so much above the best one seen means a full queue before any packet is lost."""
RISE_BPS_PER_S = 60_000
"""Additive increase: from 300 kbit/s to 1.5 Mbit/s within 20 s."""
HOLD_S = 4.0
"""No increase so soon after a decrease: reports lag behind."""
DECREASE_S = 1.0
"""At most one decrease in this time, since one overload shows in several reports."""
FLOOR_BPS = 60_000
"""The wanted rate never falls below this, so that it can find its way back up."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the far end says of our video: loss fraction since its last report (0..1), round trip
    in seconds or None, receiver-estimated maximum in bit/s or None."""

    loss: float
    rtt_s: float | None = None
    remb_bps: int | None = None


@dataclass(frozen=True, slots=True)
class RateControl:
    """The wanted video bit rate of one call; `on_report` gives the next state."""

    bps: float
    highest_bps: int
    best_rtt_s: float | None = None
    remb_bps: int | None = None
    last_at: float | None = None
    decreased_at: float = float("-inf")

    @classmethod
    def begin(cls, highest_bps: int) -> RateControl:
        """At the start of a call: two thirds of the most that the site may send."""
        return cls(bps=highest_bps * 2 / 3, highest_bps=highest_bps)

    @property
    def video_bps(self) -> int:
        """What to give to NearVideo.set_bitrate, bit/s."""
        return round(self.bps)

    def on_report(self, report: Report, now: float) -> RateControl:
        """The state after a report that came at this monotonic second."""
        passed = min(5.0, max(0.0, now - self.last_at)) if self.last_at is not None else 0.0
        best = self.best_rtt_s
        if report.rtt_s is not None:
            best = report.rtt_s if best is None else min(best, report.rtt_s)
        queueing = (
            report.rtt_s is not None and best is not None and report.rtt_s > best + RTT_RISE_S
        )
        remb = report.remb_bps if report.remb_bps is not None else self.remb_bps
        bps, decreased_at = self.bps, self.decreased_at
        if report.loss > LOSS_BAD or queueing:
            if now - decreased_at >= DECREASE_S:
                # half of what was lost comes off, at least a tenth
                bps *= min(0.9, max(0.5, 1 - report.loss / 2)) if not queueing else 0.8
                decreased_at = now
        elif report.loss < LOSS_GOOD and now - decreased_at >= HOLD_S:
            bps += RISE_BPS_PER_S * passed
        highest = min(self.highest_bps, remb) if remb is not None else self.highest_bps
        return replace(
            self,
            bps=max(float(FLOOR_BPS), min(bps, float(highest))),
            best_rtt_s=best,
            remb_bps=remb,
            last_at=now,
            decreased_at=decreased_at,
        )


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: picture size and rate, and the bit rates at which it is entered
    from below and left downward."""

    size: Size
    fps: float
    enter_bps: int
    leave_bps: int


LADDER = (
    Rung(Size(1280, 720), 30, 800_000, 600_000),
    Rung(Size(960, 540), 30, 500_000, 400_000),
    Rung(Size(640, 360), 30, 300_000, 220_000),
    Rung(Size(640, 360), 15, 180_000, 140_000),
    Rung(Size(320, 180), 15, 110_000, 80_000),
)
"""Best first. Below the last one video stops and leaves the line to the sound."""


def rung_for(
    bps: int, now_on: Rung | None, *, starting: bool = False, ladder: tuple[Rung, ...] = LADDER
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


def within(rung: Rung, size: Size, fps: float) -> tuple[Size, float]:
    """A rung's size and rate for a camera that gives this size and rate: never scaled up, and in
    the camera's own aspect."""
    scale = min(1.0, rung.size.width / size.width, rung.size.height / size.height)
    if scale < 1.0:
        size = Size(round(size.width * scale / 2) * 2, round(size.height * scale / 2) * 2)
    return size, min(fps, rung.fps)
