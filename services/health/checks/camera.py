"""Is the camera there, and does it give a picture?"""

from appliance.core.alarms import when
from appliance.core.problems import TroubleKey
from hardware.vitals.camera import cameras
from services.health.check_api import Box, Finding, told


def camera(box: Box) -> Finding:
    """CAMERA_MISSING by the kernel's word, where the site's file names a real one, and by the
    endpoint's, which also tells a black picture."""
    verdicts = told(box, TroubleKey.CAMERA_MISSING, TroubleKey.CAMERA_BLANK)
    names = cameras(box.root)
    if box.site is not None and box.site.camera.source.startswith("v4l2:"):
        verdicts = (when(TroubleKey.CAMERA_MISSING, not names), *verdicts)
    return Finding(verdicts, facts={"camera": ", ".join(names)} if names else {})
