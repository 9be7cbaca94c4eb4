"""Measures a province under load and says whether nothing was lost; ``make load``.

Two rounds, each with the broker beside the province as it runs in service, and the sites in a
process of their own:

* *weather*: a tenth of the sites lose the line, a tenth the power. How long until the broker's word
  on every single site is right?
* *murder*: the broker is killed with SIGKILL and the storage fails for a while, in mid-load. Is
  every health report that was said stored in the end?
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from appliance.wire.report import Health, Presence
from services.health.mqtt import Lost
from services.province.broker.beside import Beside, RunningBroker, beside
from services.province.broker.ingest import Incoming
from services.simulate.crowd import START_PER_S
from tests.health.broker import free_port
from tests.health.ingesting import Shelf

RIGHT_WITHIN_S = 90.0


def presences(shelf: Shelf) -> dict[str, bool]:
    """Who is online, as the broker has it."""
    found: dict[str, Presence] = {}
    for (site, _, _), report in list(shelf.kept.items()):
        if isinstance(report, Presence) and report.after(found.get(site)):
            found[site] = report
    return {site: presence.online for site, presence in found.items()}


def healths(shelf: Shelf) -> int:
    """Health reports that are stored, each once."""
    return sum(isinstance(report, Health) for report in list(shelf.kept.values()))


async def crowd(choice: Beside, *words: str) -> asyncio.subprocess.Process:
    """``diemcau simulate`` in its own process."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.command", "simulate", "--province", str(choice.folder),
        "--port", str(choice.port), "--json", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def weather(choice: Beside, shelf: Shelf, sites: int) -> dict[str, Any]:
    """Strike a fifth; wait until exactly they are known to be gone."""
    after = sites / START_PER_S + 60.0
    process = await crowd(
        choice, "--sites", str(sites), "--seconds", str(after + RIGHT_WITHIN_S + 60.0),
        "--meeting-in", "20", "--lose-network", "0.1", "--lose-power", "0.1",
        "--weather-after", str(after),
    )  # fmt: skip
    lost = 2 * round(0.1 * sites)
    all_at = lost_at = None
    while process.returncode is None and lost_at is None:
        await asyncio.sleep(0.5)
        online = presences(shelf)
        if all_at is None and len(online) == sites and all(online.values()):
            all_at = time.time()
        if all_at is not None and sum(not here for here in online.values()) == lost:
            lost_at = time.time()
    broker = next(p for p in psutil.Process().children() if "mosquitto" in p.name())
    figures = {
        "broker_cpu_s": round(sum(broker.cpu_times()[:2]), 1),
        "broker_mb": round(broker.memory_info().rss / 1e6, 1),
    }
    output, _ = await process.communicate()
    account = json.loads(output)
    seconds = None
    if lost_at is not None and all_at is not None:
        seconds = round(lost_at - account["struck_at"], 1)
    return {"picture_right_after_s": seconds, "sites": sites, **figures, "crowd": account}


async def murder(
    choice: Beside, shelf: Shelf, province: RunningBroker, sites: int, seconds: float
) -> dict[str, Any]:
    """Kill the broker at a third, fail the storage at two thirds; count."""
    nudged: list[float] = []
    process = await crowd(
        choice, "--sites", str(sites), "--seconds", str(seconds + sites / START_PER_S)
    )
    end = time.monotonic() + sites / START_PER_S + seconds / 3
    await asyncio.sleep(end - time.monotonic())
    broker = next(p for p in psutil.Process().children() if "mosquitto" in p.name())
    os.kill(broker.pid, signal.SIGKILL)
    await asyncio.sleep(seconds / 3)
    away = time.monotonic() + 15.0

    def fails(_: Sequence[Incoming]) -> bool:
        return time.monotonic() < away

    shelf.fails = fails
    output, _ = await process.communicate()
    account = json.loads(output)
    for _ in range(600):
        if healths(shelf) >= account["health_said"]:
            break
        await asyncio.sleep(0.1)
    for number in range(50):
        began = time.monotonic()
        try:
            await province.ingest.nudge(f"sim-{number % sites + 1:04d}")
        except Lost:
            continue
        nudged.append(1000 * (time.monotonic() - began))
    used = psutil.Process()
    return {
        "said": account["health_said"],
        "stored": healths(shelf),
        "lost_lines": province.ingest.counts.lost_lines,
        "nudge_acknowledged_p95_ms": round(sorted(nudged)[int(0.95 * (len(nudged) - 1))], 1),
        "ingest_cpu_s": round(sum(used.cpu_times()[:2]), 1),
        "ingest_mb": round(used.memory_info().rss / 1e6, 1),
        "crowd": account,
    }


async def main(sites: int, many: int, seconds: float) -> int:
    """Both rounds; 0 where all is as it must be."""
    faults = 0
    with tempfile.TemporaryDirectory(prefix="diemcau-load-") as folder:
        for name in ("weather", "murder"):
            choice, shelf = Beside(Path(folder) / name, port=free_port()), Shelf()
            async with beside(choice, shelf.store) as province:
                if name == "weather":
                    done = await weather(choice, shelf, sites)
                    right = (done["picture_right_after_s"] or 1e9) <= RIGHT_WITHIN_S
                else:
                    done = await murder(choice, shelf, province, many, seconds)
                    right = done["stored"] == done["said"]
            faults += not right
            print(json.dumps({"round": name, "right": right, **done}), flush=True)  # noqa: T201
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=300.0)
    chosen = parser.parse_args()
    raise SystemExit(asyncio.run(main(chosen.sites, chosen.many, chosen.seconds)))
