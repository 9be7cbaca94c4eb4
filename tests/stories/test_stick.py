"""A stick on an evening with a meeting: what the TV says, and when the box may restart."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.updates.progress import Progress, Stage
from services.updates.restart import FRESH_S, ask
from tests.fast_loop import play
from tests.stories.evening import Evening


def facts(evening: Evening) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((evening.folder / "run/endpoint.json").read_bytes())
    return found


def test_the_box_restarts_only_where_no_meeting_is_on_or_near(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:30")
    said: dict[str, str] = {}

    def look(hour: str) -> None:
        said[hour] = ask(tmp_path / "run", settings=True, support=False, now=evening.clock.now)

    async def story() -> None:
        evening.meeting("a", "14:00", "15:00")
        async with evening.powered():
            for hour in ("13:44", "13:49", "13:59:55", "14:00:10", "14:30", "14:59:59", "15:00:30"):
                await evening.until(hour)
                assert evening.clock.now() - facts(evening)["at"] < FRESH_S
                look(hour)

    play(story())
    near = "a meeting begins within 15 minutes"
    assert said == {
        "13:44": "",
        "13:49": near,
        "13:59:55": near,
        "14:00:10": "the site is in meeting",
        "14:30": "the site is in meeting",
        "14:59:59": "the site is in meeting",
        "15:00:30": "",
    }


def test_who_plugs_a_stick_in_reads_on_the_tv_what_it_does(tmp_path: Path) -> None:
    evening = Evening(tmp_path, "13:00")
    codes: list[list[str]] = []

    async def story() -> None:
        async with evening.powered():
            await evening.until("13:00:10")
            telling = Progress(tmp_path / "run", evening.clock.now)
            for at, stage in (
                ("13:00:20", Stage.READING),
                ("13:00:30", Stage.INSTALLING),
                ("13:00:40", Stage.DONE),
            ):
                telling.tell(stage, "sda1")
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
