"""Which slot starts next: one sector in two copies, which U-Boot's script and RAUC's backend share.

``image/boot/choose.cmd`` says the same in U-Boot's words; ``tests/image`` lets both run on the same
bytes. The older copy is overwritten, so a write that is cut short leaves the newer one.
"""

import struct
import zlib
from dataclasses import dataclass, replace

SECTOR_BYTES = 512
COPY_OFFSETS = (0x800 * SECTOR_BYTES, 0x1000 * SECTOR_BYTES)
"""Where the copies lie on the disk, in bytes: before the first partition, 1 MiB apart."""
MAX_ATTEMPTS = 3
SLOTS = ("A", "B")


@dataclass(frozen=True, slots=True)
class BootState:
    """The slots in their order, how many attempts each has left, and the number of this state."""

    order: tuple[str, ...] = SLOTS
    left: tuple[int, int] = (MAX_ATTEMPTS, MAX_ATTEMPTS)
    """Of A and of B."""
    seq: int = 0

    def attempts(self, slot: str) -> int:
        """How often `slot` may still be tried."""
        return self.left[SLOTS.index(slot)]

    def primary(self) -> str:
        """The slot that starts next."""
        state = self if any(self.left) else replace(self, left=(MAX_ATTEMPTS, MAX_ATTEMPTS))
        return next((slot for slot in state.order if state.attempts(slot)), SLOTS[0])

    def with_attempts(self, slot: str, count: int) -> "BootState":
        """The same with `count` attempts left for `slot`."""
        a, b = self.left
        return replace(self, left=(count, b) if slot == SLOTS[0] else (a, count))

    def with_primary(self, slot: str) -> "BootState":
        """`slot` first, and all its attempts before it."""
        rest = tuple(other for other in SLOTS if other != slot)
        return replace(self, order=(slot, *rest)).with_attempts(slot, MAX_ATTEMPTS)

    def tried(self) -> tuple[str, "BootState"]:
        """What the boot script does: the slot that it starts, and the state that it leaves."""
        state = self if any(self.left) else replace(self, left=(MAX_ATTEMPTS, MAX_ATTEMPTS))
        slot = state.primary()
        return slot, state.with_attempts(slot, state.attempts(slot) - 1)

    def __bytes__(self) -> bytes:
        """One sector, as U-Boot's `env export -c` writes it."""
        a, b = self.left
        text = f"BOOT_A_LEFT={a:x}\0BOOT_B_LEFT={b:x}\0BOOT_ORDER={' '.join(self.order)}\0"
        body = f"{text}BOOT_SEQ={self.seq:x}\0".encode().ljust(SECTOR_BYTES - 4, b"\0")
        return struct.pack("<I", zlib.crc32(body)) + body


def parse(sector: bytes) -> BootState | None:
    """The state of one copy, or None where its sum is wrong or its words make no sense."""
    if len(sector) != SECTOR_BYTES or struct.unpack("<I", sector[:4])[0] != zlib.crc32(sector[4:]):
        return None
    pairs = (entry.partition(b"=") for entry in sector[4:].split(b"\0") if entry)
    values = {
        key.decode(errors="replace"): value.decode(errors="replace") for key, _, value in pairs
    }
    try:
        order = tuple(values["BOOT_ORDER"].split())
        left = int(values["BOOT_A_LEFT"], 16), int(values["BOOT_B_LEFT"], 16)
        seq = int(values["BOOT_SEQ"], 16)
    except (KeyError, ValueError):
        return None
    return BootState(order, left, seq) if sorted(order) == sorted(SLOTS) else None


def newest(copies: tuple[bytes, bytes]) -> tuple[BootState, int]:
    """The state in force and which copy is to be overwritten; of a new disk the first."""
    first, second = map(parse, copies)
    if second is not None and (first is None or second.seq > first.seq):
        return second, 0
    if first is not None:
        return first, 1
    return BootState(), 0
