"""Sound cards, the tone, microphones in both orders, cameras."""

import re

from services.bringup.check import Result, failed, hands, passed
from services.bringup.seen import Arrival, Seen

MIN_FPS = 25.0
FORMATS = ("MJPG", "YUYV", "H264")
"""Those that the product reads."""


def sound_cards(output: str, seen: Seen) -> Result:
    """``/proc/asound/cards`` and ``/proc/asound/pcm``: one that plays has to be there."""
    del seen
    return passed(output) if re.search(r"playback \d", output) else failed(output or "no card")


def tone(output: str, seen: Seen) -> Result:
    """What the probe `tone` prints; whether it was heard only ears can tell."""
    del seen
    if not output.strip():
        return hands()
    return hands(output) if output.startswith("played") else failed(output)


def speakerphone_first(output: str, seen: Seen) -> Result:
    """`output` has the cards on USB that record."""
    return _order(output, seen, Arrival.SPEAKERPHONE)


def webcam_first(output: str, seen: Seen) -> Result:
    """As `speakerphone_first`."""
    return _order(output, seen, Arrival.WEBCAM)


def _order(output: str, seen: Seen, arrival: Arrival) -> Result:
    if arrival not in seen.arrivals:
        return hands(output)
    if seen.wrong_microphone:
        return failed(f"the camera's microphone was taken; {output}".strip("; "))
    return passed(output)


def camera(output: str, seen: Seen) -> Result:
    """What the probe `camera` prints: ``MJPG 1280x720@30`` among the rest."""
    del seen
    if not output.strip() or "no camera" in output:
        return hands(output or "no camera")
    rates = [
        float(rate)
        for form, rate in re.findall(r"(\w{4}) 1280x720@([\d.]+)", output)
        if form in FORMATS
    ]
    return passed(output) if max(rates, default=0.0) >= MIN_FPS else failed(output)
