"""Errors that ext4 has counted (kernel: Documentation/admin-guide/ext4.rst, sysfs attributes)."""

from pathlib import Path

from hardware.vitals.sysfs import whole


def ext4_errors(root: Path, device: str) -> int | None:
    """``errors_count`` of a mounted device since its last fsck; None where it is no ext4."""
    return whole(root / "sys/fs/ext4" / device / "errors_count")
