"""``make bench``: measures all calls in one run and writes build/bench.json and build/bench.md."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from appliance.media.formats import Size
from tests.benchmark import network
from tests.benchmark.call import Start, measure
from tests.benchmark.content import Clip, make_clip
from tests.benchmark.meeting import address_at
from tests.benchmark.programs import endpoint, kiosk
from tests.benchmark.report import table
from tests.peers.janus import ROOM

BUILD = Path(__file__).parents[2] / "build"
SIZES = (Size(1280, 720), Size(640, 360))
WHO = ("software", "chromium", "own-h264")
LOSSES = 3
PRIORITY = -10


def main() -> None:
    """Measure; the exit code says whether it could be measured, not how good it is."""
    ask = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    ask.add_argument("--only", action="append", help="software-720, chromium-360, own-h264-720 …")
    ask.add_argument("--keep", type=Path, help="a folder for logs and pictures of the TV")
    asked = ask.parse_args()
    network.enter()
    with contextlib.suppress(PermissionError):
        # For all of the bench alike: what else the machine does then disturbs it less.
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-content-") as folder:
        run = asyncio.run(_run(Path(folder), asked.only, asked.keep))
    run["seconds"] = round(time.monotonic() - began)
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    text = table.markdown(run)
    (BUILD / "bench.md").write_text(text)
    sys.stdout.write(text)


async def _run(folder: Path, only: list[str] | None, keep: Path | None) -> dict[str, Any]:
    why_not = network.why_not()
    run: dict[str, Any] = {
        "machine": f"{platform.machine()}, {_processor()}",
        "busy_before": round(network.quiet(), 2),
        "no_losses": why_not,
        "floor": {},
        "calls": {},
    }
    for size in SIZES:
        names = [f"{who}-{size.height}" for who in WHO]
        names = [name for name in names if only is None or name in only]
        if not names:
            continue
        _say(f"content {size.width}x{size.height}")
        clip = await asyncio.to_thread(make_clip, folder, size)
        run["floor"][str(size.height)] = await asyncio.to_thread(_floor, clip)
        for name in names:
            _say(name)
            losses = 0 if why_not or size.height != 720 else LOSSES
            run["calls"][name] = await measure(
                _starter(name, clip), clip, losses=losses, keep=keep / name if keep else None
            )
    return run


def _starter(name: str, clip: Clip) -> Start:
    if name.startswith("chromium"):
        return lambda folder, tv, relay: kiosk(
            folder, tv, clip, f"ws://127.0.0.1:{relay.port}/", ROOM
        )
    coded = name.startswith("own")
    return lambda folder, tv, relay: endpoint(folder, tv, clip, address_at(relay.port), coded=coded)


def _floor(clip: Clip) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmark.codecs_alone", str(clip.raw)],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    parts: dict[str, float] = json.loads(done.stdout)
    return parts


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
    return f"{sum(line.startswith('processor') for line in lines)} processors {model}".strip()


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    main()
