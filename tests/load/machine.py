"""What processes cost: CPU seconds by the kernel's count, memory as the proportional set size."""

import math
import time
from collections.abc import Iterable, Sequence

import psutil


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest of `values` that is not below `share` of them (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float | int | None]:
    """``count``, ``p50``, ``p95``, ``most``."""
    found = {
        "p50": percentile(values, 0.5),
        "p95": percentile(values, 0.95),
        "most": max(values, default=None),
    }
    rounded = {
        name: None if value is None else round(value, digits) for name, value in found.items()
    }
    return {"count": len(values), **rounded}


class Costs:
    """Measures from here to `so_far`; the processes must live that long."""

    def __init__(self, **processes: psutil.Process) -> None:
        self._processes = processes
        self._began = time.monotonic()
        self._before = {name: _cpu_s(one) for name, one in processes.items()}

    def so_far(self) -> dict[str, dict[str, float]]:
        """Each process by its name."""
        took = time.monotonic() - self._began
        found = {}
        for name, one in self._processes.items():
            used = _cpu_s(one) - self._before[name]
            found[name] = {
                "core_percent": round(100 * used / took, 1),
                "cpu_s": round(used, 1),
                "pss_mb": round(one.memory_full_info().pss / 1e6, 1),
            }
        return found


def quiet() -> dict[str, float]:
    """How much else goes on here: figures from a busy machine say so beside themselves."""
    return {"load_1_min": round(psutil.getloadavg()[0], 1), "cores": psutil.cpu_count() or 1}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
