"""Where the parts of a FAT32 file system lie, and its table of clusters.

Microsoft, "FAT: General Overview of On-Disk Format", 1.03 (fatgen103), sections 3 to 5. The same
names as there are given in the comments.
"""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from services.boot_partition.disk import BootDisk

SECTOR_BYTES = 512
FIRST_CLUSTER = 2
END = 0x0FFFFFF8
"""This and above ends a chain."""
BAD = 0x0FFFFFF7
_MASK = 0x0FFFFFFF
_PER_SECTOR = SECTOR_BYTES // 4
MAX_CLUSTERS = 4 * 2**20
"""Of a boot partition, which has 131,072 of our making: more is no boot partition of ours."""


class FatError(Exception):
    """A file system that this code does not take, or a damaged one; says what was found."""


@dataclass(frozen=True, slots=True)
class FatLayout:
    """Places are bytes from the partition's beginning."""

    cluster_bytes: int
    tables: tuple[int, ...]
    """Where the copies of the table begin; the first counts."""
    table_bytes: int
    data: int
    clusters: int
    """How many there are for data, from `FIRST_CLUSTER` on."""
    root: int
    """The first cluster of the root folder."""
    info: int | None
    """Where the sector of the free clusters' count lies (FSInfo)."""

    def place(self, cluster: int) -> int:
        """Where `cluster` lies."""
        return self.data + (cluster - FIRST_CLUSTER) * self.cluster_bytes

    def is_data(self, cluster: int) -> bool:
        """Whether there is such a cluster."""
        return FIRST_CLUSTER <= cluster < FIRST_CLUSTER + self.clusters


def read_layout(disk: BootDisk) -> FatLayout:
    """Raises `FatError` for anything but FAT32 in sectors of 512 bytes with mirrored tables."""
    sector = disk.read(0, SECTOR_BYTES)
    if len(sector) != SECTOR_BYTES or sector[510:] != b"\x55\xaa":
        raise FatError("the boot partition holds no file system: its first sector has no signature")
    # BytsPerSec, SecPerClus, RsvdSecCnt, NumFATs, RootEntCnt, TotSec16, Media, FATSz16
    bytes_, per_cluster, reserved, copies, entries, small, _, size16 = struct.unpack_from(
        "<HBHBHHBH", sector, 11
    )
    # TotSec32, FATSz32, ExtFlags, FSVer, RootClus, FSInfo
    total, size, flags, _, root, info = struct.unpack_from("<IIHHIH", sector, 32)
    if bytes_ != SECTOR_BYTES or size16 or entries or small or not size:
        raise FatError("the boot partition is not FAT32 with sectors of 512 bytes")
    if per_cluster not in (1, 2, 4, 8, 16, 32, 64, 128) or copies not in (1, 2) or flags & 0x80:
        raise FatError("the boot partition's FAT32 is of a form that this box does not write")
    data = reserved + copies * size
    clusters = min((total - data) // per_cluster, size * _PER_SECTOR - FIRST_CLUSTER)
    if not 0 < clusters <= MAX_CLUSTERS:
        raise FatError(f"the boot partition has {clusters} clusters, which cannot be")
    layout = FatLayout(
        cluster_bytes=per_cluster * SECTOR_BYTES,
        tables=tuple((reserved + copy * size) * SECTOR_BYTES for copy in range(copies)),
        table_bytes=size * SECTOR_BYTES,
        data=data * SECTOR_BYTES,
        clusters=clusters,
        root=root,
        info=info * SECTOR_BYTES if 0 < info < reserved else None,
    )
    if not layout.is_data(root):
        raise FatError("the boot partition has no root folder")
    return layout


class ClusterTable:
    """The first copy of the table, in memory; `write` brings what was changed to every copy."""

    def __init__(self, disk: BootDisk, layout: FatLayout) -> None:
        self._layout = layout
        content = disk.read(layout.tables[0], layout.table_bytes)
        if len(content) != layout.table_bytes:
            raise FatError("the boot partition ends before its table does")
        self._entries = array("I", content)
        self._changed: set[int] = set()

    def after(self, cluster: int) -> int:
        """What the table says of `cluster`: the next one, `END` or more, `BAD`, or 0 for free."""
        return self._entries[cluster] & _MASK

    def allocated(self) -> list[int]:
        """All clusters that are not free."""
        return [cluster for cluster, value in enumerate(self._entries) if value & _MASK]

    def chain(self, first: int) -> list[int]:
        """The clusters from `first` on; none for 0. Raises `FatError` where it never ends."""
        found: list[int] = []
        at = first
        while first and at < END:
            if not self._layout.is_data(at) or len(found) >= self._layout.clusters:
                raise FatError(f"a file's chain of clusters leads from {first} to {at}")
            found.append(at)
            at = self.after(at)
        return found

    def link(self, clusters: Sequence[int]) -> None:
        """Make them a chain; none is an empty file's."""
        if not clusters:
            return
        for cluster, following in zip(clusters, [*clusters[1:], _MASK], strict=True):
            self.set(cluster, following)

    def set(self, cluster: int, value: int) -> None:
        """The four highest bits are not ours to change."""
        self._entries[cluster] = (self._entries[cluster] & ~_MASK) | value
        self._changed.add(cluster // _PER_SECTOR)

    def write(self, disk: BootDisk) -> None:
        """The changed sectors, the last copy first: the first is the one that is read."""
        for table in reversed(self._layout.tables):
            for number in sorted(self._changed):
                disk.write(table + number * SECTOR_BYTES, self._sector(number))
        self._changed.clear()

    def differing(self, disk: BootDisk) -> None:
        """Have `write` bring the other copies to what the first says."""
        for table in self._layout.tables[1:]:
            other = disk.read(table, self._layout.table_bytes)
            for number in range(self._layout.table_bytes // SECTOR_BYTES):
                begin = number * SECTOR_BYTES
                if other[begin : begin + SECTOR_BYTES] != self._sector(number):
                    self._changed.add(number)

    def _sector(self, number: int) -> bytes:
        return self._entries[number * _PER_SECTOR : (number + 1) * _PER_SECTOR].tobytes()
