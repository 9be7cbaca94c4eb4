"""Draws what the TV shows where the endpoint is not: at the start, and when it has died."""

import sys
from pathlib import Path

from appliance.core.scenes import starting
from services.endpoint.screen import draw

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    draw(starting("Điểm Cầu"), (1280, 720), "vi").image.save(folder / "background.png", "PNG")
