"""One meeting of all sites: they join, hear of changes, and a fifth is lost without a word."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.simulate.behaviour import Behaviour
from services.simulate.fleet import names
from tests.load.console import Console, FirstPage
from tests.load.machine import Costs, quiet, spread
from tests.load.province import Province, serving
from tests.load.simulator import Simulator
from tests.process.waiting import until, until_told

RIGHT_WITHIN_S = 90.0
CHANGES, BETWEEN_S = 5, 8.0
SHARE = 0.1
POLL_INTERVAL_S = 1.0
READ_WITHIN_S = 180.0
"""Not the goal: how long the run waits before it gives up."""


def in_need(sites: list[str]) -> set[str]:
    """Those whose made-up fault needs somebody, in the meeting or not."""
    return {
        site
        for number, site in enumerate(sites)
        if any(alarm.severity >= 2 for alarm in Behaviour(number).alarms(0.0))
    }


async def outage(folder: Path, count: int) -> dict[str, Any]:
    """The round; ``right`` says whether the first page was right in time and all heard in time."""
    province, sites = Province(folder), names(count)
    simulator = Simulator(province, folder, count)
    async with serving(province):
        console = await province.console()
        await console.import_sites(await simulator.sheet())
        try:
            return await _round(province, console, simulator, sites)
        finally:
            await simulator.end()


async def _round(
    province: Province, console: Console, simulator: Simulator, sites: list[str]
) -> dict[str, Any]:
    await simulator.start(console, "--lose-network", str(SHARE), "--lose-power", str(SHARE))
    await until(
        "all are connected and have their feed",
        lambda: simulator.who("connected") >= set(sites) <= simulator.who("feed"),
        within=300.0,
    )
    ill = in_need(sites)
    joined = {"ready": 0, "help": len(ill), "silent": 0, "meeting": len(sites)}
    begin = float(int(time.time()) + 30)
    costs = Costs(province=province.program, broker=province.broker())
    page = await console.enter_meeting("Giao ban", begin)
    all_in = await _shown(console, "all are in the meeting", lambda now: now.counts == joined)
    heard = await _changes(console, simulator, page, begin, len(sites))
    used = costs.so_far()
    struck_at = time.time()
    simulator.cut_off()
    fifth = round(2 * SHARE * len(sites))
    await until("the outage began", lambda: len(simulator.who("struck")) == fifth)
    lost = simulator.who("struck")
    left = {"ready": 0, "help": len(ill - lost), "silent": len(lost),
            "meeting": len(set(sites) - lost)}  # fmt: skip
    right_at = await _shown(
        console, "the first page is right", lambda now: now.counts == left and now.silent == lost
    )
    account = await simulator.leave()
    after = round(right_at - struck_at, 1)
    return {
        "right": after <= RIGHT_WITHIN_S,
        "sites": len(sites),
        "all_shown_in_the_meeting_s_after_its_begin": round(all_in - begin, 1),
        "lost": len(lost),
        "first_page_right_s_after_the_loss": after,
        "change_to_feed_read_ms": heard,
        "in_the_meeting": used,
        "quiet": quiet(),
        "crowd": account,
    }


async def _changes(
    console: Console, simulator: Simulator, page: str, begin: float, count: int
) -> dict[str, Any]:
    """The meeting is changed some times; from each change to each site's reading it, all in ms."""
    took: list[float] = []
    for number in range(1, CHANGES + 1):
        sent_at = await console.rename_meeting(page, f"Giao ban, lần {number}", begin)

        def readings(sequence: int = number, since: float = sent_at) -> dict[str, float]:
            return {
                line["site"]: line["at"]
                for line in simulator.events("feed", since)
                if line["sequence"] == sequence and line["status"] == 200
            }

        await until(
            f"change {number} is read by all",
            lambda: len(readings()) == count,
            within=READ_WITHIN_S,
            else_say=lambda: simulator.events("no feed")[-3:],
        )
        took += [1000 * (at - sent_at) for at in readings().values()]
        await asyncio.sleep(BETWEEN_S)
    return spread(took)


async def _shown(console: Console, what: str, look: Callable[[FirstPage], bool]) -> float:
    """When the first page showed it."""
    last: FirstPage | None = None

    async def shows() -> bool:
        nonlocal last
        await asyncio.sleep(POLL_INTERVAL_S)
        last = await console.first_page()
        return look(last)

    await until_told(what, shows, within=240.0, else_say=lambda: last)
    return time.time()
