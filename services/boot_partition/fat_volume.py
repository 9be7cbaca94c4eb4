"""A FAT32 file system as its folders say it is: which files there are, and which clusters are free.

Free is what no file and no folder has, whatever the table says: what a renewal had allocated when
the power went is taken up again. A file system in which two files share a cluster, or a chain leads
nowhere, is not written to: who repairs it by a guess may lose the start that it still has.
"""

from collections.abc import Iterable, Iterator

from services.boot_partition.disk import BootDisk
from services.boot_partition.fat_entries import ENTRY_BYTES, Entry, entries
from services.boot_partition.fat_layout import (
    BAD,
    FIRST_CLUSTER,
    SECTOR_BYTES,
    ClusterTable,
    FatError,
    FatLayout,
    read_layout,
)

MAX_DEPTH = 8
MAX_ENTRIES = 5000
"""A PC leaves some of its own beside our forty; more is not looked through."""


class FatVolume:
    """What is on `disk`; as it was when this was made."""

    def __init__(self, disk: BootDisk) -> None:
        """Raises `FatError` for a file system that is damaged or not ours to write."""
        self.disk = disk
        self.layout: FatLayout = read_layout(disk)
        self.table = ClusterTable(disk, self.layout)
        self.files: dict[str, Entry] = {}
        """By path in lower case, ``a/u-boot.bin``; folders, too."""
        self._used = bytearray(FIRST_CLUSTER + self.layout.clusters)
        self._allocated = [
            cluster for cluster in self.table.allocated() if self.layout.is_data(cluster)
        ]
        self.take(cluster for cluster in self._allocated if self.table.after(cluster) == BAD)
        self._walk(self.layout.root, "", 0)

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none of that path."""
        entry = self.files.get(path)
        if entry is None or entry.folder:
            return None
        return self._content(entry)

    def below(self, folder: str) -> dict[str, Entry]:
        """All that is in `folder` and its folders."""
        return {path: one for path, one in self.files.items() if path.startswith(f"{folder}/")}

    def slots(self, first: int) -> Iterator[tuple[int, bytes]]:
        """The entries of a folder with their places, used or not."""
        for cluster in self.table.chain(first):
            place = self.layout.place(cluster)
            content = self.disk.read(place, self.layout.cluster_bytes)
            for at in range(0, len(content), ENTRY_BYTES):
                yield place + at, content[at : at + ENTRY_BYTES]

    def free(self) -> Iterator[int]:
        """The clusters that no file has, and that can be used."""
        at = FIRST_CLUSTER
        while (at := self._used.find(0, at)) >= 0:
            yield at
            at += 1

    def take(self, clusters: Iterable[int]) -> None:
        """They are no longer free."""
        for cluster in clusters:
            self._used[cluster] = 1

    def free_bytes(self) -> int:
        """How much more can be written."""
        return self._used.count(0, FIRST_CLUSTER) * self.layout.cluster_bytes

    def lost(self) -> list[int]:
        """Clusters that the table has for files, and no file has."""
        return [cluster for cluster in self._allocated if not self._used[cluster]]

    def sector_of(self, place: int) -> tuple[int, bytes]:
        """The sector in which `place` lies: where it begins, and its bytes."""
        begin = place - place % SECTOR_BYTES
        return begin, self.disk.read(begin, SECTOR_BYTES)

    def _content(self, entry: Entry) -> bytes:
        parts, last, run = [], 0, 0
        for cluster in [*self.table.chain(entry.first), 0]:
            if run and cluster != last + 1:
                begin = self.layout.place(last - run + 1)
                parts.append(self.disk.read(begin, run * self.layout.cluster_bytes))
                run = 0
            last, run = cluster, run + 1
        return b"".join(parts)[: entry.size]

    def _walk(self, first: int, path: str, depth: int) -> None:
        self._use(first, path or "the root folder")
        for entry in entries(self.slots(first)):
            name = path + entry.name
            if len(self.files) >= MAX_ENTRIES or depth >= MAX_DEPTH:
                raise FatError(f"the boot partition has more files than {MAX_ENTRIES}: {name}")
            self.files[name] = entry
            if entry.folder:
                self._walk(entry.first, f"{name}/", depth + 1)
                continue
            held = self._use(entry.first, name) if entry.first else 0
            if held * self.layout.cluster_bytes < entry.size:
                raise FatError(f"{name} has {entry.size} bytes in {held} clusters")

    def _use(self, first: int, name: str) -> int:
        """How many clusters `name` has; each is its own alone."""
        if not self.layout.is_data(first):
            raise FatError(f"{name} begins at cluster {first}, which there is not")
        chain = self.table.chain(first)
        for cluster in chain:
            if self._used[cluster]:
                raise FatError(f"{name} shares cluster {cluster} with another file")
            self._used[cluster] = 1
        return len(chain)
