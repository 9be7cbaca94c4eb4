"""CPU time and memory of a program with all its processes, from the kernel's own accounting."""

import contextlib
import os
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(stat: str) -> float:
    """User and system time in a line of /proc/PID/stat (proc(5), fields 14 and 15)."""
    fields = stat.rsplit(")", 1)[1].split()  # a name may hold spaces and brackets
    return (int(fields[11]) + int(fields[12])) / _TICKS


def pss_mb(rollup: str) -> float:
    """Proportional set size in a /proc/PID/smaps_rollup."""
    line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


class Tree:
    """A process and all that descend from it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak_mb = 0.0
        self._spent: dict[int, float] = {}

    def members(self) -> list[int]:
        """The processes that live now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.pid)
            return [self.pid, *(child.pid for child in root.children(recursive=True))]
        return []

    def cpu(self) -> float:
        """CPU seconds that they have spent so far; what one that ended had spent still counts."""
        for pid in self.members():
            with contextlib.suppress(OSError):
                self._spent[pid] = cpu_seconds(Path(f"/proc/{pid}/stat").read_text())
        return sum(self._spent.values())

    def parts(self) -> dict[int, float]:
        """CPU seconds of each process, as `cpu` saw them last."""
        return dict(self._spent)

    def weigh(self) -> float:
        """PSS of all together now, in MB; the largest so far is `peak_mb`."""
        total = 0.0
        for pid in self.members():
            with contextlib.suppress(OSError, StopIteration):
                total += pss_mb(Path(f"/proc/{pid}/smaps_rollup").read_text())
        self.peak_mb = max(self.peak_mb, total)
        return total

    def udp_ports(self) -> set[int]:
        """Their local UDP ports."""
        found: set[int] = set()
        for pid in self.members():
            with contextlib.suppress(psutil.Error):
                for one in psutil.Process(pid).net_connections("udp4"):
                    found.add(one.laddr.port)
        return found
