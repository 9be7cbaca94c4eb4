"""How far the sent picture is stepped down by heat, before the heat ends the meeting.

The firmware slows a Raspberry Pi down from 80 °C on; at 90 °C, the only trip of its thermal zone,
the kernel switches it off, and somebody has to pull its plug and put it in again. Pictures that are
smaller and fewer are what a site can do with: sound is never touched.

======================  ======================================================
at ``DOWN_C`` or more   one step down, and another every ``STEP_DOWN_S``
at ``STOP_C`` or more   at once the last step: no picture is sent
below ``UP_C``          one step up, and another every ``STEP_UP_S``
between, or not known   as it is
======================  ======================================================
"""

from dataclasses import dataclass

DOWN_C = 78.0
"""Below the 80 °C from which the firmware slows the processor (Raspberry Pi, config.txt)."""
STOP_C = 86.0
UP_C = 72.0
"""A step takes some degrees off; from further below it would only come back."""
STEP_DOWN_S = 20.0
"""A case of plastic follows its processor so slowly."""
STEP_UP_S = 60.0
MAX_STEPS = 5
"""As many as the ladder of pictures has (`media.codecs.bitrate_ladder`); the last stops them."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """The steps down from the best picture, and when the last one was made (monotonic seconds)."""

    steps: int = 0
    since: float = float("-inf")


def cooled(state: Cooling, celsius: float | None, now: float) -> Cooling:
    """The state at `now` (monotonic s) and `celsius`, None where the temperature is not known."""
    if celsius is None:
        return state
    if celsius >= STOP_C:
        return state if state.steps == MAX_STEPS else Cooling(MAX_STEPS, now)
    if celsius >= DOWN_C and state.steps < MAX_STEPS - 1 and now - state.since >= STEP_DOWN_S:
        return Cooling(state.steps + 1, now)
    if celsius < UP_C and state.steps and now - state.since >= STEP_UP_S:
        return Cooling(state.steps - 1, now)
    return state
