"""Pictures from the call's process to the child's, through shared memory: one copy, no pickling."""

import mmap
import os
import struct
from dataclasses import dataclass

SLOTS = 8
"""Six pictures may wait at the TV, one is read by VLC and one is written."""

_PICTURE = struct.Struct("<QId")
_SOUND = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class PictureNote:
    """Says which slot holds picture number `number` and at which monotonic second it is due."""

    number: int
    slot: int
    due: float

    def pack(self) -> bytes:
        """The bytes that `unpack` reads."""
        return _PICTURE.pack(self.number, self.slot, self.due)

    @classmethod
    def unpack(cls, note: bytes) -> "PictureNote":
        """Read what `pack` wrote; struct.error on another length."""
        return cls(*_PICTURE.unpack(note))


@dataclass(frozen=True, slots=True)
class SoundNote:
    """A piece of sound, s16le stereo 48 kHz, and the monotonic second its first sample is due."""

    due: float
    pcm: bytes

    def pack(self) -> bytes:
        """The bytes that `unpack` reads."""
        return _SOUND.pack(self.due) + self.pcm

    @classmethod
    def unpack(cls, note: bytes) -> "SoundNote":
        """Read what `pack` wrote; struct.error on another length."""
        (due,) = _SOUND.unpack_from(note)
        return cls(due, note[_SOUND.size :])


class PictureRing:
    """`SLOTS` I420 pictures of one size in memory that both processes map.

    The file has no name: it lives as long as a process holds it, so that a crash leaves nothing.
    """

    def __init__(self, width: int, height: int, fd: int | None = None) -> None:
        """Make a ring, or with `fd` map the one that another process made."""
        if width % 2 or height % 2 or min(width, height) < 2:
            raise ValueError(f"canvas {width}x{height}: both sides must be even for I420")
        self.picture_bytes = width * height * 3 // 2
        # A slot begins on a page, so that VLC's copy is an aligned one.
        self._stride = -(-self.picture_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        if fd is None:
            fd = os.memfd_create("tv-pictures", os.MFD_CLOEXEC)
            os.ftruncate(fd, self._stride * SLOTS)
        self.fd = fd
        self.memory = mmap.mmap(fd, self._stride * SLOTS)

    def offset(self, slot: int) -> int:
        """Where in `memory` that slot begins."""
        if not 0 <= slot < SLOTS:
            raise ValueError(f"slot {slot}: the ring has {SLOTS}")
        return slot * self._stride

    def slot(self, slot: int) -> memoryview:
        """The bytes of that slot: planes Y, U, V without padding."""
        begin = self.offset(slot)
        return memoryview(self.memory)[begin : begin + self.picture_bytes]

    def close(self) -> None:
        """Unmap the pictures and close their file."""
        self.memory.close()
        os.close(self.fd)
