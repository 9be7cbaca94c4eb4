"""The boot partition as bytes: read, written, and flushed, each when the caller says so.

The kernel's own driver of FAT chooses the order of its writes itself; which order a power cut may
interrupt is what a renewal is about. So the partition is written without being mounted.
"""

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

BOOT = "/dev/diemcau/boot"
"""The card's first partition, as udev calls it."""


class BootDisk(Protocol):
    """What a renewal needs of the partition; offsets and sizes in bytes. Each raises `OSError`."""

    def read(self, offset: int, size: int) -> bytes:
        """What lies there."""

    def write(self, offset: int, content: bytes) -> None:
        """Write; until `flush` a power cut may lose it, or what was written after it."""

    def flush(self) -> None:
        """All that was written is on the card, and is read from it from now on."""


class InUseError(Exception):
    """Somebody has the partition mounted; says so in words."""


class BootPartition:
    """The real partition, held so that nobody mounts it meanwhile."""

    def __init__(self, path: Path) -> None:
        """Raises `InUseError` where it is mounted, `OSError` where it cannot be opened."""
        try:
            # On a block device O_EXCL alone is the claim that a mount makes, too (open(2)).
            self._file = os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise InUseError(f"{path} is mounted; it is looked at again later") from error
            raise
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def read(self, offset: int, size: int) -> bytes:
        """See `BootDisk`; less than `size` only beyond the end."""
        parts = []
        while size > 0 and (part := os.pread(self._file, size, offset)):
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def write(self, offset: int, content: bytes) -> None:
        """See `BootDisk`."""
        view = memoryview(content)
        while view:
            done = os.pwrite(self._file, view, offset)
            view, offset = view[done:], offset + done

    def flush(self) -> None:
        """See `BootDisk`: what is clean leaves the page cache, so the next read asks the card."""
        os.fsync(self._file)
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)
