"""Which encoder a board tries first, and that software is always the last."""

import pytest

from appliance.media.codecs.board_encoders import encoders_for

V4L2, SOFTWARE = "h264_v4l2m2m", "libx264"


@pytest.mark.parametrize(
    ("model", "encoders"),
    [
        ("Raspberry Pi 3 Model B Plus Rev 1.3", (V4L2, SOFTWARE)),
        ("Raspberry Pi Zero 2 W Rev 1.0", (V4L2, SOFTWARE)),
        ("Raspberry Pi 4 Model B Rev 1.5", (V4L2, SOFTWARE)),
        ("Raspberry Pi 400 Rev 1.0", (V4L2, SOFTWARE)),
        ("Raspberry Pi Compute Module 4 Rev 1.1", (V4L2, SOFTWARE)),
        ("Raspberry Pi 5 Model B Rev 1.0", (SOFTWARE,)),
        ("Raspberry Pi 500 Rev 1.0", (SOFTWARE,)),
        ("Raspberry Pi Compute Module 5 Rev 1.0", (SOFTWARE,)),
        ("", (SOFTWARE,)),
    ],
)
def test_encoders_by_the_model_of_the_device_tree(model: str, encoders: tuple[str, ...]) -> None:
    assert encoders_for(model) == encoders
