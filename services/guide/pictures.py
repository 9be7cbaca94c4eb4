"""The guide's pictures: screens as the TV's own code draws them, lamps by their patterns."""

import base64
import io
from functools import cache
from html import escape

from appliance.core.floor_control import Lamp
from hardware.patterns import Light, light_at
from services.endpoint.screen import draw
from services.endpoint.screen.samples import SAMPLES
from services.guide.phrases import GuideError

SIZE = (1280, 720)
QUALITY = 88
"""Of a JPEG, which Chromium takes into a PDF as it is; a PNG would be ten times as large."""
STRIP_S = 3.0
"""How much of a lamp's pattern is shown: the slowest swells once in it."""
STEP_S = 0.03


@cache
def screen(name: str) -> str:
    """The sample scene `name` as a data address; raises `GuideError` for one that is not there."""
    if name not in SAMPLES:
        raise GuideError(f"screen://{name}: the TV has no such scene (`diemcau screen --list`)")
    made = io.BytesIO()
    draw(SAMPLES[name](), SIZE, "vi").image.convert("RGB").save(made, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(made.getvalue()).decode()}"


def lamp(name: str, says: str) -> str:
    """Three seconds of the lamp's light from left to right, as SVG; `says` is read aloud for it.

    Raises `GuideError` for a lamp that is not there.
    """
    if name not in {one.value.replace(" ", "-") for one in Lamp}:
        raise GuideError(f"lamp://{name}: there is no such lamp")
    shown = Lamp(name.replace("-", " "))
    bars, begin = [], 0.0
    colour = _colour(light_at(shown, 0.0)[0])
    for step in range(1, round(STRIP_S / STEP_S) + 1):
        at = step * STEP_S
        # Half a step later, so that no edge of the pattern is hit by rounding.
        now = _colour(light_at(shown, at + STEP_S / 2)[0])
        if now != colour or at >= STRIP_S - STEP_S / 2:
            bars.append(
                f'<rect x="{begin * 40:.1f}" width="{(at - begin) * 40:.1f}" height="14"'
                f' fill="{colour}"/>'
            )
            begin, colour = at, now
    return (
        f'<svg class="lamp" viewBox="0 0 {STRIP_S * 40:.0f} 14" role="img">'
        f"<title>{escape(says)}</title>{''.join(bars)}</svg>"
    )


def _colour(light: Light) -> str:
    """As paper shows it: dark grey, and towards red, green or amber by the brightness."""
    lit = {"off": (58, 63, 70), "red": (226, 54, 54), "green": (34, 160, 84),
           "amber": (244, 165, 28)}[light.colour]  # fmt: skip
    share = max(light.red, light.green)
    mixed = (round(58 + (one - 58) * share) for one in lit) if share else iter(lit)
    return "#" + "".join(f"{one:02x}" for one in mixed)
