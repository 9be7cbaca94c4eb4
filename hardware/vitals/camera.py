"""Cameras that the kernel knows (kernel: sysfs-class-video4linux)."""

from pathlib import Path

from hardware.vitals.sysfs import entries, whole, word

NO_CAMERA = ("bcm2835-codec", "bcm2835-isp", "rpivid", "rpi-hevc", "pispbe", "rp1-cfe")
"""The Pi's own encoders, decoders and image pipelines are video devices, too."""


def cameras(root: Path) -> tuple[str, ...]:
    """The names of cameras, one for each that is plugged in."""
    names = (
        (word(device / "name") or "", whole(device / "index"))
        for device in entries(root / "sys/class/video4linux")
        if device.name.startswith("video")
    )
    # One UVC camera makes a second node (index 1) for its metadata.
    return tuple(
        name for name, index in names if name and index in (0, None) and not _is_codec(name)
    )


def _is_codec(name: str) -> bool:
    return name.startswith(NO_CAMERA)
