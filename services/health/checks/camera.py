"""Is the camera there, and does it give a picture?"""

from appliance.core.alarms import when
from appliance.core.problems import ProblemKey
from hardware.vitals.camera import cameras
from services.health.check_api import Box, CheckResult, reported


def camera(box: Box) -> CheckResult:
    """CAMERA_MISSING by the kernel's word, where the site's file names a real one, and by the
    endpoint's, which also tells a black picture."""
    observations = reported(
        box, ProblemKey.CAMERA_MISSING, ProblemKey.CAMERA_BLANK, ProblemKey.CAMERA_DAMAGED
    )
    names = cameras(box.root)
    if box.site is not None and box.site.camera.source.startswith("v4l2:"):
        observations = (when(ProblemKey.CAMERA_MISSING, not names), *observations)
    return CheckResult(observations, facts={"camera": ", ".join(names)} if names else {})
