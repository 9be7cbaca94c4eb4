"""The bench's result as Markdown: the aims, then every figure."""

from collections.abc import Mapping
from typing import Any

from tests.benchmark.report.figures import Aim, aims, ratio

_NAMES = {
    "software": "endpoint, software encoding",
    "own-h264": "endpoint, camera's own H.264",
    "chromium": "Chromium, kiosk window",
}


def markdown(run: Mapping[str, Any]) -> str:
    """The whole of build/bench.md; `run` is what build/bench.json holds."""
    lines = [
        "# Bench",
        "",
        f"{run['machine']}; {run['busy_before']} of its processors were busy before the run, "
        f"which took {run['seconds']} s. Ratios are within this run.",
        "",
        "| aim | at most | reached | met |",
        "|---|---|---|---|",
        *(_aim(aim) for aim in aims(run["calls"])),
        "",
    ]
    if run["no_losses"]:
        lines += [f"No packet was lost on purpose: {run['no_losses']}.", ""]
    for height in (720, 360):
        lines += _size(run, height)
    return "\n".join(lines) + "\n"


def _aim(aim: Aim) -> str:
    verdict = {True: "yes", False: "**no**", None: "not measured"}[aim.met]
    most, reached = number(aim.most, aim.unit), number(aim.reached, aim.unit)
    return f"| {aim.what} | {most} | {reached} | {verdict} |"


def number(value: float | None, unit: str) -> str:
    """A figure for people."""
    if value is None:
        return "–"
    return f"{value:.0f} {unit}" if unit == "ms" else f"{value:.2f} {unit}".rstrip()


def _size(run: Mapping[str, Any], height: int) -> list[str]:
    calls = {who: run["calls"].get(f"{who}-{height}") for who in _NAMES}
    there = {who: call for who, call in calls.items() if call}
    if not there:
        return []
    floor = sum(run["floor"][str(height)].values())
    cpu = (calls["chromium"] or {}).get("cpu")
    memory = (calls["chromium"] or {}).get("peak_mb")
    rows = [
        f"## {height}p, 30 pictures a second both ways",
        "",
        "| | CPU s/s | of Chromium's | peak PSS MB | of Chromium's | sends | first picture ms "
        "| far camera to TV ms, median (p95) | sound after picture ms | longest stand ms "
        "| after one lost packet ms |",
        "|---" * 11 + "|",
    ]
    for who, call in there.items():
        sends = call["sends"]
        cells = [
            _NAMES[who],
            f"{call['cpu']:.3f} ({min(call['cpu_windows']):.2f}–{max(call['cpu_windows']):.2f})",
            number(ratio(call["cpu"], cpu), ""),
            f"{call['peak_mb']:.0f} ({call['processes']} processes)",
            number(ratio(call["peak_mb"], memory), ""),
            f"{sends['width']}x{sends['height']} at {sends['fps']}",
            _plain(call["first_picture_ms"]),
            f"{_plain(call['picture_delay_ms'])} ({_plain(call['picture_delay_p95_ms'])})",
            _plain(call["sound_behind_picture_ms"]),
            _plain(call["longest_stand_ms"]),
            ", ".join(map(_plain, call["stands_ms"])) or "–",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    parts = ", ".join(f"{name} {cost:.3f}" for name, cost in run["floor"][str(height)].items())
    rows.append(
        f"| codecs alone ({parts}) | {floor:.3f} | {number(ratio(floor, cpu), '')} |" + " |" * 8
    )
    return [*rows, ""]


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
