"""Numbers of ioctl(2) requests (kernel: include/uapi/asm-generic/ioctl.h; the same on arm64)."""

import fcntl
import os
from collections.abc import Callable, Iterable
from pathlib import Path

WRITE, READ = 1, 2

Ioctl = Callable[[int, bytearray], None]
"""A request of one device: reads and fills the structure. Raises `OSError`."""


def request(direction: int, kind: str, number: int, size: int) -> int:
    """``_IOC(direction, kind, number, size)``."""
    return direction << 30 | size << 16 | ord(kind) << 8 | number


def answers_of(devices: Iterable[Path], tell: Callable[[Ioctl, str], str]) -> list[str]:
    """A line for each device: its name, and what `tell` makes of its answers, where that is not "".

    A device that cannot be opened or asked has the kernel's reason in its place.
    """
    lines = []
    for path in devices:
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError as error:
            lines.append(f"{path.name} {error.strerror}")
            continue
        try:
            if words := tell(_device(handle), path.name):
                lines.append(f"{path.name} {words}")
        except OSError as error:
            lines.append(f"{path.name} {error.strerror}")
        finally:
            os.close(handle)
    return lines


def _device(handle: int) -> Ioctl:
    def ask(number: int, structure: bytearray) -> None:
        fcntl.ioctl(handle, number, structure, True)

    return ask
