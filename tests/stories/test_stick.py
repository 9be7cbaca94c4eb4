"""A stick on an evening with a meeting: what the TV says, and when the box may restart."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from services.updates.progress import Progress, StickState
from services.updates.window import FRESH_S, Window
from tests.fast_loop import play
from tests.provisioning.site_files import site
from tests.stories.evening import Evening


def facts(evening: Evening) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((evening.folder / "run/endpoint.json").read_bytes())
    return found


def box(evening: Evening) -> Paths:
    """The box of this evening as an update sees it: it has settings and an endpoint."""
    settings = evening.folder / "box/site/site.toml"
    if not settings.exists():
        settings.parent.mkdir(parents=True)
        settings.write_bytes(site().split(b"[secrets]")[0])
    return Paths(evening.folder / "box", evening.folder / "run", evening.folder / "root")


def test_the_box_restarts_only_where_no_meeting_is_on_or_near(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "11:30")
    said: dict[str, list[str]] = {}

    def look(hour: str) -> None:
        window = Window(box(evening), attended=False, now=evening.clock.now)
        reasons = [window.why_wait(work) for work in (Work.DOWNLOAD, Work.RESTART)]
        said[hour] = [reason.partition(" at ")[0].partition(" of ")[0] for reason in reasons]

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            for hour in (
                "11:59:30", "12:00:30", "13:29:30", "13:30:30", "13:49", "13:59:55", "14:00:10",
                "14:30", "14:59:59", "15:00:30",
            ):  # fmt: skip
                await evening.until(hour)
                assert evening.clock.now() - facts(evening)["at"] < FRESH_S
                look(hour)

    play(story())
    begins, near = "a meeting begins", "a meeting begins within 15 minutes"
    inside = "the site is in meeting"
    assert said == {
        "11:59:30": ["", ""],
        "12:00:30": ["", begins],
        "13:29:30": ["", begins],
        "13:30:30": [begins, begins],
        "13:49": [near, near],
        "13:59:55": [near, near],
        "14:00:10": [inside, inside],
        "14:30": [inside, inside],
        "14:59:59": [inside, inside],
        "15:00:30": ["", ""],
    }


def test_n1_a_meeting_that_is_entered_meanwhile_stops_a_download(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    stopped: list[str] = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("13:44")
            window = Window(box(evening), attended=False, now=evening.clock.now)
            assert window.why_wait(Work.DOWNLOAD) == ""
            evening.meeting("a", "14:00", "15:00")
            for hour in ("13:44:05", "13:49:30"):
                await evening.until(hour)
                stopped.append(window.why_stop(Work.DOWNLOAD))

    play(story())
    assert stopped[0] == ""
    assert stopped[1].startswith("a meeting begins ")


def test_who_plugs_a_stick_in_reads_on_the_tv_what_it_does(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    codes: list[list[str]] = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("13:00:10")
            progress = Progress(tmp_path / "run", evening.clock.now)
            for at, stage in (
                ("13:00:20", StickState.READING),
                ("13:00:30", StickState.INSTALLING),
                ("13:00:40", StickState.DONE),
            ):
                progress.tell(stage, "sda1")
                await evening.until(at)
                codes.append(facts(evening)["problems"])
            await evening.until("13:15")
            codes.append(facts(evening)["problems"])

    play(story())
    assert [[code for code in one if code[0] == "U"] for one in codes] == [
        ["U1"],
        ["U2"],
        ["U5"],
        [],
    ]
