"""One call, measured: dialled, warmed up, counted, watched, and with a packet lost now and then."""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import Any

from services.demo.virtual import VirtualTv, virtual_tv
from tests.benchmark.account import Tree
from tests.benchmark.content import Clip
from tests.benchmark.meeting import DialRelay, Far, meeting
from tests.benchmark.network import one_lost, others_cpu
from tests.benchmark.report.figures import late, longest_stand, middle, picture_delays, sound_delays
from tests.benchmark.watch import Watcher
from tests.code_picture import CHAIR, GUEST

Start = Callable[[Path, VirtualTv, DialRelay], AbstractContextManager[subprocess.Popen[bytes]]]

DIAL_TIMEOUT_S = 45.0
"""Chromium's first start on a cold disk."""
PICTURE_TIMEOUT_S = 20.0
WARM_UP_S = 12.0
"""A real Janus lets a sender begin with a quarter of its rate; pictures grow with it."""
MEMORY_INTERVAL_S = 3.0
WINDOWS, WINDOW_S = 4, 5.0
WATCH_S = 8.0
CAMERA_S = 2.0
"""After the far end has become a camera: its keyframe is over, the ear knows the time."""
RECOVERY_S = 1.5
OBSERVATION_S = 2.0


async def measure(
    start: Start, clip: Clip, *, losses: int, keep: Path | None = None
) -> dict[str, Any]:
    """All figures of one call; `keep` gets a picture of the TV and the logs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, virtual_tv() as tv:
        folder = Path(name)
        async with meeting(clip, folder / "far.log") as (relay, far):
            with start(folder, tv, relay) as process:
                try:
                    return await _measured(Tree(process.pid), tv, relay, far, losses, keep)
                finally:
                    if keep is not None:
                        _keep(folder, keep)


async def _measured(
    tree: Tree, tv: VirtualTv, relay: DialRelay, far: Far, losses: int, keep: Path | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"first_picture_ms": await _first_picture(tv, relay)}
    for _ in range(round(WARM_UP_S / MEMORY_INTERVAL_S)):
        tree.weigh()
        await asyncio.sleep(MEMORY_INTERVAL_S)
    found |= await _counted(tree)
    # From here on others need processors too: the far end's encoder, and who looks at the TV.
    await far.request("live")
    with Watcher(tv).watching() as watcher:
        await asyncio.sleep(CAMERA_S)
        watcher.seen.clear()
        watcher.heard.clear()
        began = time.monotonic()
        await asyncio.sleep(WATCH_S)
        undisturbed = time.monotonic()
        found["longest_stand_ms"] = longest_stand(watcher.times(CHAIR), began, undisturbed)
        seen = {code.number: at for code, at in list(watcher.seen.items()) if code.who == CHAIR}
        heard = list(watcher.heard)
        found["stands_ms"] = [await _healed(tree, watcher) for _ in range(losses)]
    if keep is not None:
        _photograph(tv, keep)
    told = await far.request("tell")
    taken = {int(n): at for n, at in told["taken"].items() if at < undisturbed}
    pictures = picture_delays(taken, seen)
    sounds = sound_delays([at for at in told["made"] if began < at < undisturbed - 0.3], heard)
    found |= {
        "picture_delay_ms": middle(pictures),
        "picture_delay_p95_ms": late(pictures),
        "pictures_seen_per_s": len(pictures) / WATCH_S,
        "sound_delay_ms": middle(sounds),
        "sounds": len(sounds),
        "sound_behind_picture_ms": (
            median(sounds) - median(pictures) if sounds and pictures else None
        ),
        "sends": await far.request(f"look {OBSERVATION_S}"),
    }
    return found


async def _first_picture(tv: VirtualTv, relay: DialRelay) -> float:
    """From the first connection to the server to the far end on the screen, in ms."""
    with Watcher(tv).watching() as watcher:
        async with asyncio.timeout(DIAL_TIMEOUT_S):
            dialled: float = await asyncio.shield(relay.dialled_at)
        async with asyncio.timeout(PICTURE_TIMEOUT_S):
            while (seen := watcher.first(GUEST)) is None:
                await asyncio.sleep(0.02)
    return (seen - dialled) * 1e3


async def _counted(tree: Tree) -> dict[str, Any]:
    """CPU seconds a second and memory, over some short windows."""
    windows, rest = [], []
    for _ in range(WINDOWS):
        began, before, machine = time.monotonic(), tree.cpu(), others_cpu()
        await asyncio.sleep(WINDOW_S)
        spent, length = tree.cpu() - before, time.monotonic() - began
        windows.append(spent / length)
        rest.append((others_cpu() - machine) / length - spent / length)
        tree.weigh()
    return {
        "cpu": median(windows),
        "cpu_windows": [round(one, 3) for one in windows],
        "cpu_of_others": round(median(rest), 2),
        "processors": os.cpu_count(),
        "peak_mb": tree.peak_mb,
        "processes": len(tree.members()),
    }


async def _healed(tree: Tree, watcher: Watcher) -> float:
    """Lose one packet of the far picture; how long the TV's picture stood, in milliseconds."""
    began = time.monotonic()
    with one_lost(tree.udp_ports()):
        await asyncio.sleep(RECOVERY_S)
    return longest_stand(watcher.times(CHAIR), began, time.monotonic()) or RECOVERY_S * 1e3


def _photograph(tv: VirtualTv, keep: Path) -> None:
    from PIL import Image  # noqa: PLC0415 - only where somebody wants to see

    keep.mkdir(parents=True, exist_ok=True)
    Image.fromarray(tv.grab()).save(keep / "tv.png")


def _keep(folder: Path, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        (keep / log.name).write_bytes(log.read_bytes())
