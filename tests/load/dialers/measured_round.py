"""One server: all come in within their doors, stay, a third loses its power and comes back."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from appliance.core.redial import POWER_SPREAD_S, power_delay
from tests.load.dialers.content import FPS, HEIGHT, WIDTH, make_picture
from tests.load.dialers.crowd import Crowd, Sites, crowd
from tests.load.dialers.servers import Server, cores, cpu_s, server, udp_packets
from tests.load.dialers.sites import Spec
from tests.load.machine import quiet, spread

LOOK_S = 1.0
PEAK_LOOKS = 3
"""A peak is the mean of so many looks: the kernel counts in hundredths, and one look jumps."""
ALL_IN_S = 120.0
"""After the begin, for whoever is late; then the round says so."""
SETTLE_S = 3.0
EARLY_S = 0.1
"""The feed counts in whole seconds of the stories' day, a process reads the real clock."""
BOARD_UP_S = 20.0
"""What a Pi needs from its power to the endpoint's start."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a round is; a third of the processes loses its power."""

    processes: int = 9
    sites_each: int = 5
    doors_s: float = 120.0
    steady_s: float = 30.0
    speakers: int = 2
    """Of those who came first, whom all hear: they show what a packet more costs the server."""
    back_within_s: float = POWER_SPREAD_S
    """Only sites whose own moment after a power cut comes so soon: for a round that is short."""

    @property
    def sites(self) -> int:
        """All together."""
        return self.processes * self.sites_each


SIZE = Size()


class Watch:
    """The server's processor and packets, once a second until it is cancelled."""

    def __init__(self, far: Server) -> None:
        self._far = far
        self.looks: list[tuple[float, float, int]] = []

    async def run(self) -> None:
        """Look."""
        while True:
            self.looks.append(
                (time.time(), cpu_s(self._far.process), udp_packets(self._far.process))
            )
            await asyncio.sleep(LOOK_S)

    def between(self, since: float, until: float) -> dict[str, float]:
        """Percent of one core in the mean and at the peak, and packets a second both ways."""
        looks = [look for look in self.looks if since <= look[0] <= until]
        pairs = list(zip(looks, looks[PEAK_LOOKS:], strict=False))
        took, cpu, packets = (last - first for first, last in zip(looks[0], looks[-1], strict=True))
        return {
            "core_percent": round(100 * cpu / took, 1),
            "peak_core_percent": round(
                100 * max((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs), 1
            ),
            "cpu_s": round(cpu, 2),
            "packets_a_second": round(packets / took),
        }


async def one_round(kind: str, folder: Path, size: Size) -> dict[str, Any]:
    """All figures; ``right``: all in within their doors, and all that were cut off back in time."""
    with ExitStack() as stack:
        far = stack.enter_context(server(kind, folder / "server"))
        picture = make_picture(folder / "picture.mp4")
        async with crowd(folder) as sites:
            specs = _specs(far, folder, picture, size)
            for name, spec in specs.items():
                # one after another: nine that load at once take all of a small machine
                await (await sites.start(name, spec)).ready()
            watch = Watch(far)
            watching = asyncio.create_task(watch.run(), name="watch")
            try:
                found = await _told(sites, watch, size)
            finally:
                watching.cancel()
            found["server_pss_mb"] = round(far.process.memory_full_info().pss / 1e6, 1)
            await sites.leave()
    cut, joined = found["power_cut"], found["joined"]
    right = joined["in_within_doors"] == joined["sites"] and cut["back"] == cut["sites"]
    right = right and joined["dialled_early"] == cut["dialled_early"] == 0
    return {"kind": kind, "right": right, "quiet": quiet(), "cores": cores(), **found}


def names(size: Size) -> Iterator[str]:
    """Ids of sites, without an end."""
    for number in count():
        name = f"xa-{number:03d}"
        if power_delay(name, BOARD_UP_S, POWER_SPREAD_S) < size.back_within_s:
            yield name


def _specs(far: Server, folder: Path, picture: Path, size: Size) -> dict[str, Spec]:
    name = names(size)
    return {
        f"sites-{number}": Spec(
            sites=list(islice(name, size.sites_each)),
            address=far.address,
            doors_s=size.doors_s,
            folder=str(folder),
            picture=str(picture),
            rate=(WIDTH, HEIGHT, FPS),
            user=far.user,
            rare_sound=far.rare_sound,
        )
        for number in range(size.processes)
    }


async def _told(sites: Crowd, watch: Watch, size: Size) -> dict[str, Any]:
    began = time.time() + 1.0
    begin = began + size.doors_s
    await asyncio.gather(*(one.go(begin) for one in sites.all.values()))
    await _until_in(list(sites.all.values()), begin + ALL_IN_S)
    entered = [line for one in sites.all.values() for line in one.entered]
    all_in_at = max((line["in_at"] for line in entered), default=time.time())
    joined = {
        "sites": size.sites,
        "in_within_doors": sum(line["in_at"] <= begin for line in entered),
        "doors_s": size.doors_s,
        "dialled_early": sum(line["dialled_at"] < line["own_at"] - EARLY_S for line in entered),
        "dialled_within_doors": sum(line["dialled_at"] <= begin for line in entered),
        "own_moment_to_media_s": _from_own_moment(entered),
        "dial_to_media_s": spread([line["in_at"] - line["dialled_at"] for line in entered], 2),
        "tries": sites.count("tries"),
        "server": watch.between(began, all_in_at + LOOK_S),
    }
    await asyncio.sleep(SETTLE_S)  # the last one's handshake is over
    before = {name: cpu_s(one.account) for name, one in sites.all.items()}
    since = time.time()
    await asyncio.sleep(size.steady_s)
    spent = sum(cpu_s(one.account) - before[name] for name, one in sites.all.items())
    steady = {
        "server": watch.between(since, time.time()),
        "calls": sites.count("calls"),
        "far_end_reports_of_our_media": sites.count("reported"),
        "lost_packets": sites.count("lost"),
        "received_packets": sites.count("received"),
        "dialers_core_percent_each": round(100 * spent / size.steady_s / size.sites, 2),
        "dialers_pss_mb_a_process": _pss(list(sites.all.values())),
        "sites_a_process": size.sites_each,
    }
    found = {"joined": joined, "steady": steady}
    first = sorted(sites.all.values(), key=lambda one: min(line["in_at"] for line in one.entered))
    if first[0].spec.rare_sound and size.speakers:
        for one in first[: size.speakers]:
            one.speak()
        await asyncio.sleep(SETTLE_S)
        since = time.time()
        await asyncio.sleep(size.steady_s)
        found["some_speak"] = {"server": watch.between(since, time.time())}
    return found | {"power_cut": await _cut(sites, watch, begin)}


async def _cut(sites: Crowd, watch: Watch, begin: float) -> dict[str, Any]:
    """A third is killed; new processes of boards that were just powered are there when it is over.

    They load beforehand, for a Pi has a processor of its own to load with.
    """
    gone = list(sites.all)[: max(1, len(sites.all) // 3)]
    old = [sites.all[name] for name in gone]
    for name in gone:
        spec = sites.all[name].spec
        spec.uptime_s = BOARD_UP_S
        await (await sites.start(name, spec)).ready()
    for one in old:
        await one.cut()
    back = [sites.all[name] for name in gone]
    returned = time.time()
    await asyncio.gather(*(one.go(begin) for one in back))
    await _until_in(back, returned + POWER_SPREAD_S + ALL_IN_S)
    entered = [line for one in back for line in one.entered]
    last = max((line["in_at"] for line in entered), default=time.time())
    return {
        "sites": sum(len(one.spec.sites) for one in back),
        "back": len(entered),
        "dialled_early": sum(line["dialled_at"] < line["own_at"] - EARLY_S for line in entered),
        "back_s": spread([line["in_at"] - returned for line in entered], 1),
        "own_moment_to_media_s": _from_own_moment(entered),
        "server": watch.between(returned, max(last, returned + 5.0) + LOOK_S),
    }


def _from_own_moment(entered: Sequence[dict[str, Any]]) -> dict[str, float | int | None]:
    return spread([line["in_at"] - line["own_at"] for line in entered], 2)


async def _until_in(sites: Sequence[Sites], until: float) -> None:
    wanted = sum(len(one.spec.sites) for one in sites)
    while sum(len(one.entered) for one in sites) < wanted and time.time() < until:
        await asyncio.sleep(0.2)
    await asyncio.sleep(LOOK_S)


def _pss(sites: Sequence[Sites]) -> float:
    weights = [one.account.memory_full_info().pss / 1e6 for one in sites]
    return round(sum(weights) / len(weights), 1)
