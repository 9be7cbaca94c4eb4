"""Changes a FAT32 file system so that a power cut leaves each file as it was or as it shall be.

Every change is made of three steps with a flush between them: the new content goes into clusters
that no file has; the table is told of them; one sector of a folder points to them. Only then is the
old content free. Of the writes of a step any may be lost, in any order: nothing points to what the
first two have written, and the third is one sector, which a card writes whole or not at all.
"""

import struct
from collections.abc import Mapping
from itertools import islice

from services.boot_partition.disk import BootDisk
from services.boot_partition.fat_entries import (
    DELETED,
    ENTRY_BYTES,
    new_entries,
    own_and_parent,
    with_content,
)
from services.boot_partition.fat_layout import SECTOR_BYTES, FatError
from services.boot_partition.fat_volume import FatVolume

UNKNOWN = 0xFFFFFFFF
_INFO_SIGNATURE = 0x61417272
_INFO_COUNT = 488


class NoRoomError(FatError):
    """The new content does not fit beside the old."""


class FatWriter:
    """Files and folders of the root folder, by their names in lower case."""

    def __init__(self, disk: BootDisk, now: float) -> None:
        """`now` (POSIX s) is the date that files get. Raises `FatError` as `FatVolume` does.

        What an earlier change had begun when the power went is cleared away.
        """
        self._disk = disk
        self._now = now
        self.volume = FatVolume(disk)
        self._count_free(UNKNOWN)
        for cluster in self.volume.lost():
            self.volume.table.set(cluster, 0)
        self.volume.table.differing(disk)
        self._write_table()

    def put(self, name: str, content: bytes) -> None:
        """`name` has this content: a new file, or the old one's entry points to it."""
        entry = self.volume.files.get(name)
        if entry is not None and entry.folder:
            raise FatError(f"{name} is a folder")
        [clusters] = self._allocate(content)
        self._fill(clusters, content)
        self._disk.flush()
        self._link(clusters)
        self._point(name, clusters[0] if clusters else 0, len(content), folder=False)

    def put_folder(self, name: str, files: Mapping[str, bytes]) -> None:
        """The folder `name` has these files and no others; the old folder is there until then."""
        entry = self.volume.files.get(name)
        if entry is not None and not entry.folder:
            raise FatError(f"{name} is a file")
        names = sorted(files)
        # As many entries as the longest names need.
        room = bytes(ENTRY_BYTES * (2 + sum(1 + -(-len(one) // 13) for one in names)))
        own, *chains = self._allocate(room, *(files[one] for one in names))
        slots = own_and_parent(own[0], self._now)
        shorts: list[bytes] = []
        for one, chain in zip(names, chains, strict=True):
            first = chain[0] if chain else 0
            made = new_entries(one, first, len(files[one]), self._now, shorts, folder=False)
            shorts.append(made[-1][:11])
            slots += made
            self._fill(chain, files[one])
        self._fill(own, b"".join(slots))
        self._disk.flush()
        self._link(own, *chains)
        self._point(name, own[0], 0, folder=True)

    def finish(self) -> None:
        """Tell how many clusters are free: a PC believes it."""
        self._count_free(self.volume.free_bytes() // self.volume.layout.cluster_bytes)

    def _allocate(self, *contents: bytes) -> list[list[int]]:
        size = self.volume.layout.cluster_bytes
        counts = [-(-len(content) // size) for content in contents]
        found = list(islice(self.volume.free(), sum(counts)))
        if len(found) < sum(counts):
            raise NoRoomError(
                f"the boot partition has {len(found) * size // 1024} KiB left and needs"
                f" {sum(counts) * size // 1024}; remove what is not ours from it"
            )
        self.volume.take(found)
        taken = iter(found)
        return [list(islice(taken, count)) for count in counts]

    def _fill(self, clusters: list[int], content: bytes) -> None:
        size = self.volume.layout.cluster_bytes
        padded = content.ljust(len(clusters) * size, b"\0")
        begin = 0
        for number in range(1, len(clusters) + 1):
            if number == len(clusters) or clusters[number] != clusters[number - 1] + 1:
                place = self.volume.layout.place(clusters[begin])
                self._disk.write(place, padded[begin * size : number * size])
                begin = number

    def _link(self, *chains: list[int]) -> None:
        for chain in chains:
            self.volume.table.link(chain)
        self._write_table()

    def _write_table(self) -> None:
        self.volume.table.write(self._disk)
        self._disk.flush()

    def _point(self, name: str, first: int, size: int, *, folder: bool) -> None:
        """The one sector; afterwards what it has pointed to before is free."""
        before = self.volume.files.get(name)
        if before is None:
            [slot] = new_entries(name, first, size, self._now, folder=folder)
            self._write_slot(self._free_slot(), slot)
        else:
            begin, sector = self.volume.sector_of(before.place)
            at = before.place - begin
            slot = with_content(sector[at : at + ENTRY_BYTES], first, size, self._now)
            self._write_slot(before.place, slot)
        self._disk.flush()
        self.volume = FatVolume(self._disk)
        for cluster in self.volume.lost():
            self.volume.table.set(cluster, 0)
        self._write_table()

    def _write_slot(self, place: int, slot: bytes) -> None:
        begin, sector = self.volume.sector_of(place)
        at = place - begin
        self._disk.write(begin, sector[:at] + slot + sector[at + ENTRY_BYTES :])

    def _free_slot(self) -> int:
        """Where a new entry may stand in the root folder, which grows where it is full."""
        root = self.volume.layout.root
        slots = list(self.volume.slots(root))
        for number, (place, slot) in enumerate(slots):
            if slot[0] == DELETED:
                return place
            if slot[0] == 0:
                self._clear(slots[number + 1 :])
                return place
        [[cluster]] = self._allocate(b"\0")
        self._fill([cluster], b"")
        self._disk.flush()
        self.volume.table.link([cluster])
        self._write_table()
        self.volume.table.link([*self.volume.table.chain(root), cluster])
        self._write_table()
        return self.volume.layout.place(cluster)

    def _clear(self, behind: list[tuple[int, bytes]]) -> None:
        """The end of a folder is its first empty entry: what lies behind may be anything."""
        stale = sorted({place - place % SECTOR_BYTES for place, slot in behind if slot[0]})
        for begin in stale:
            sector = self._disk.read(begin, SECTOR_BYTES)
            kept = [place for place, _ in behind if begin <= place < begin + SECTOR_BYTES]
            at = min(kept) - begin
            self._disk.write(begin, sector[:at].ljust(SECTOR_BYTES, b"\0"))
        if stale:
            self._disk.flush()

    def _count_free(self, count: int) -> None:
        place = self.volume.layout.info
        if place is None:
            return
        sector = bytearray(self._disk.read(place, SECTOR_BYTES))
        if struct.unpack_from("<I", sector, _INFO_COUNT - 4)[0] != _INFO_SIGNATURE:
            return
        # FSI_Free_Count, FSI_Nxt_Free
        struct.pack_into("<II", sector, _INFO_COUNT, count, UNKNOWN)
        self._disk.write(place, bytes(sector))
        self._disk.flush()
