"""``python -m tests.benchmark.sip_call``: what one 720p SIP call costs us and baresip.

Both ends of one call are measured at once: each plays the same recording and tone, encodes thirty
pictures a second of it, and decodes what the other sends. Neither shows or sounds anything. Writes
build/bench-sip.json and build/bench-sip.md.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from appliance.media.formats import Size
from tests.benchmark.account import Tree
from tests.benchmark.content import BITRATE, FPS, KEYFRAME_INTERVAL, make_clip
from tests.code_sound import SITE_HERTZ, write_beeps
from tests.peers.sip import baresip as peer

BUILD = Path(__file__).parents[2] / "build"
SIZE = Size(1280, 720)
WARM_UP_S = 12.0
WINDOWS, WINDOW_S = 4, 5.0
SPACE, CABLE = "diemcau-bench", "dcbench0"
HOST, NEAR = "198.18.78.2", "198.18.78.1"
PRIORITY = -10
END_TIMEOUT_S = 60.0
SPARE_RECORDING_S = 30.0
MIN_RATIO = 0.85


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds a second (median of the windows, and the least and most), PSS in MB."""

    cpu: float
    least: float
    most: float
    pss_mb: float


def main() -> None:
    """Measure; the exit code says whether it could be, not how good it is."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    with tempfile.TemporaryDirectory(prefix="bench-sip-") as name:
        run = _measure(Path(name))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-sip.json").write_text(json.dumps(run, indent=1) + "\n")
    (BUILD / "bench-sip.md").write_text(markdown(run))
    sys.stdout.write(markdown(run))


def _measure(folder: Path) -> dict[str, Any]:
    seconds = WARM_UP_S + WINDOWS * WINDOW_S + 5
    # baresip plays a file once, and hangs up when its sound is over.
    picture = _again(
        make_clip(folder, SIZE).coded, folder / "long.mp4", seconds + SPARE_RECORDING_S
    )
    sound = write_beeps(folder / "sound.wav", SITE_HERTZ, seconds=seconds + SPARE_RECORDING_S)
    with _baresip(folder, sound, picture) as far, _site(folder, sound, picture, seconds) as site:
        time.sleep(WARM_UP_S)
        costs = _costs({"ours": Tree(site.pid), "baresip": Tree(far.pid)})
        out, _ = site.communicate(timeout=END_TIMEOUT_S)
    told = json.loads(out)
    said = (folder / "log").read_text(errors="replace")
    ours, theirs = costs["ours"], costs["baresip"]
    return {
        "costs": {who: _plain(cost) for who, cost in costs.items()},
        "ratio": {
            "cpu": round(ours.cpu / theirs.cpu, 2),
            "pss": round(ours.pss_mb / theirs.pss_mb, 2),
        },
        "call": told,
        "baresip_said": said[-2000:],
    }


def _again(clip: Path, longer: Path, seconds: float) -> Path:
    """The same pictures over and over, not coded anew."""
    with av.open(str(clip)) as source:
        packets = [bytes(packet) for packet in source.demux(video=0) if packet.size]
        template = source.streams.video[0]
        with av.open(str(longer), "w") as target:
            stream = target.add_stream_from_template(template)
            for number in range(int(seconds * FPS)):
                packet = av.Packet(packets[number % len(packets)])
                packet.stream, packet.time_base = stream, Fraction(1, FPS)
                packet.pts = packet.dts = number
                packet.is_keyframe = number % KEYFRAME_INTERVAL == 0
                target.mux(packet)
    return longer


def _plain(cost: Cost) -> dict[str, float]:
    return {name: round(getattr(cost, name), 3) for name in Cost.__slots__}


def _costs(trees: dict[str, Tree]) -> dict[str, Cost]:
    spent: dict[str, list[float]] = {who: [] for who in trees}
    for _ in range(WINDOWS):
        began, before = time.monotonic(), {who: tree.cpu() for who, tree in trees.items()}
        time.sleep(WINDOW_S)
        took = time.monotonic() - began
        for who, tree in trees.items():
            spent[who].append((tree.cpu() - before[who]) / took)
            tree.weigh()
    return {
        who: Cost(statistics.median(each), min(each), max(each), trees[who].peak_mb)
        for who, each in spent.items()
    }


@contextlib.contextmanager
def _baresip(folder: Path, sound: Path, picture: Path) -> "Iterator[subprocess.Popen[bytes]]":
    peer._write(folder, HOST, sound, picture, encrypted=False, calls=1)
    config = folder / "config"
    text = config.read_text()
    for before, after in (
        ("video_size 640x360", f"video_size {SIZE.width}x{SIZE.height}"),
        ("video_bitrate 500000", f"video_bitrate {BITRATE}"),
        ("video_fps 15", f"video_fps {FPS}"),
    ):
        assert before in text, before
        text = text.replace(before, after)
    config.write_text(text)
    with peer._namespace(SPACE, CABLE, NEAR, HOST), (folder / "log").open("wb") as out:
        process = subprocess.Popen(
            ("ip", "netns", "exec", SPACE, "baresip", "-4", "-s", "-f", str(folder)),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
        try:
            peer._wait(process, folder / "log")
            yield process
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _site(
    folder: Path, sound: Path, picture: Path, seconds: float
) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        (sys.executable, "-m", "tests.soak.site", f"sip:peer@{HOST};transport=udp",
         "--camera", f"file:{picture}", "--microphone", f"file:{sound}", "--seconds", str(seconds),
         "--fps", str(FPS)),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def markdown(run: dict[str, Any]) -> str:
    """A line each, and how the call went."""
    lines = ["| 720p, SIP | CPU s/s | least to most | PSS MB |", "|---|---|---|---|"]
    for who, one in run["costs"].items():
        lines.append(
            f"| {who} | {one['cpu']:g} | {one['least']:g} to {one['most']:g} | {one['pss_mb']:g} |"
        )
    video, call = run["call"]["video"], run["call"]
    lines += [
        f"| ratio | {run['ratio']['cpu']:g} | | {run['ratio']['pss']:g} |",
        "",
        f"Sent {video['sent_frames']} pictures ({call['sent_kbps']:g} kbit/s), got "
        f"{video['received_frames']} of {video['width']}x{video['height']} "
        f"({call['received_kbps']:g} kbit/s) in "
        f"{WARM_UP_S + WINDOWS * WINDOW_S + 5:g} s; {video['lost_packets']} packets lost.",
    ]
    few, many = sorted((video["sent_frames"], video["received_frames"]))
    if few < MIN_RATIO * many:
        lines.append("Not alike: one end had no time for its pictures, so the ratio says nothing.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
