"""What the TV shows, drawn with Pillow from a scene: whole layouts, and patches over a meeting."""

from services.endpoint.screen.drawing import Drawing, draw
from services.endpoint.screen.overlay import Patch, overlay, self_view
from services.endpoint.screen.paint.fonts import FontMissingError

__all__ = ["Drawing", "FontMissingError", "Patch", "draw", "overlay", "self_view"]
