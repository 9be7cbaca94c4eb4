"""Which of FFmpeg's H.264 encoders a board may use, in the order in which they are tried.

What really runs today is libx264, on every board:

- Pi 3, Zero 2 and 4 (BCM2837, BCM2711) have an H.264 block, which FFmpeg drives through V4L2
  (``h264_v4l2m2m``). PyAV's wheel carries that encoder for aarch64 and x86-64 (18.1.0, FFmpeg 8.1).
  The driver, bcm2835-codec, is in Raspberry Pi's own kernel only: Debian's, which the image has,
  offers no such device, and opening the encoder fails (EINVAL). It was never run on a board.
- Pi 5 (BCM2712) has no H.264 encoder in hardware.

So the table keeps the hardware encoder first for a kernel that has the driver, and software last
for every other. The journal names the one that runs.
"""

from __future__ import annotations

from typing import Final

SOFTWARE_ENCODER: Final = "libx264"
V4L2_ENCODER: Final = "h264_v4l2m2m"

HARDWARE_ENCODERS: Final = {
    "Raspberry Pi 3": V4L2_ENCODER,
    "Raspberry Pi Compute Module 3": V4L2_ENCODER,
    "Raspberry Pi Zero 2": V4L2_ENCODER,
    # This prefix is the Pi 400's, too.
    "Raspberry Pi 4": V4L2_ENCODER,
    "Raspberry Pi Compute Module 4": V4L2_ENCODER,
}
"""FFmpeg's name of the hardware encoder, by the beginning of the device tree's ``model``."""


def encoders_for(model: str) -> tuple[str, ...]:
    """The FFmpeg encoder names to try in turn on a board, software last.

    `model` is the device tree's, such as ``Raspberry Pi 4 Model B Rev 1.5``; "" on a PC.
    """
    hardware = [name for prefix, name in HARDWARE_ENCODERS.items() if model.startswith(prefix)]
    return (*hardware, SOFTWARE_ENCODER)
