"""``make soak``: 100 calls one after another, then 30 minutes of one through a real Asterisk.

Exit code 1 where something was left over or the memory went on growing.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.peers.sip.asterisk import asterisk
from tests.peers.sip.asterisk_files import PASSWORD, PLAIN, ROOM
from tests.soak.repeated_calls import repeated_calls

LOOK_S = 5.0
FIRST_S = 300.0  # "flat after the first minutes"
GROWTH = 0.05
GROWTH_MB = 4.0
GOODBYE_S = 60.0


def main() -> None:
    """Both, or the parts that are asked for."""
    ask = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    ask.add_argument("--calls", type=int, default=100)
    ask.add_argument("--minutes", type=float, default=30.0)
    asked = ask.parse_args()
    good = True
    if asked.calls:
        began = time.monotonic()
        before, after = asyncio.run(repeated_calls(asked.calls))
        good = after.within(before)
        _say(f"{asked.calls} calls in {time.monotonic() - began:.0f} s: {before} then {after}")
    if asked.minutes:
        good = _long(asked.minutes * 60) and good
    sys.exit(0 if good else 1)


def _long(seconds: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="soak-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "peer").mkdir()
        peer = stack.enter_context(asterisk(folder / "peer"))
        (folder / "password").write_text(PASSWORD)
        address = f"sip:{ROOM}@127.0.0.1:{peer.ports.sip};transport=tcp"
        looked = stack.enter_context(_site(folder, address, "md5", seconds))
        stack.enter_context(_site(folder, address, "sha256", seconds + 30))
        samples = _watch(looked, seconds)
        out, _ = looked.communicate(timeout=GOODBYE_S)
    first = [mb for at, mb in samples if at <= FIRST_S] or [mb for _, mb in samples]
    later = [mb for at, mb in samples if at > FIRST_S] or first
    _say(f"{len(samples)} looks: {max(first):.1f} MB at most in the first {FIRST_S:.0f} s, then "
         f"{min(later):.1f} to {max(later):.1f}, {later[-1]:.1f} at the end")  # fmt: skip
    for at, mb in samples[:: max(1, len(samples) // 12)]:
        _say(f"  {at / 60:5.1f} min {mb:6.1f} MB")
    _say(out.strip())
    told = json.loads(out)
    flowed = told["video"]["received_frames"] > 10 * seconds and told["ended_early"] is None
    flat = max(later) <= max(first) * (1 + GROWTH) + GROWTH_MB
    _say(f"media flowed: {flowed}; memory flat: {flat}")
    return flowed and flat


def _watch(process: "subprocess.Popen[str]", seconds: float) -> list[tuple[float, float]]:
    """PSS in MB by second, until a little before the end."""
    began, one = time.monotonic(), psutil.Process(process.pid)
    samples = []
    while (at := time.monotonic() - began) < seconds - LOOK_S and process.poll() is None:
        memory = one.memory_full_info()
        samples.append((at, (memory.pss or memory.rss) / 1e6))
        time.sleep(LOOK_S)
    return samples


@contextlib.contextmanager
def _site(
    folder: Path, address: str, digest: str, seconds: float
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        (sys.executable, "-m", "tests.soak.site", address, "--user", f"{PLAIN}-{digest}",
         "--password-file", str(folder / "password"), "--seconds", str(seconds)),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _say(what: str) -> None:
    sys.stdout.write(f"soak: {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
