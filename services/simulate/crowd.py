"""A province of made-up sites: let in, started within seconds, some of them struck by weather."""

import asyncio
import contextlib
import random
import resource
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.tasks import cancel_and_wait
from services.province.broker.local_broker import LocalBroker
from services.province.ca.authority import private_pem
from services.province.ca.ledger import Entry, EntryState
from services.simulate.diary import Diary
from services.simulate.feed import Feed
from services.simulate.life import Appointment
from services.simulate.site import SimulatedSite, Tally, Where

START_PER_S = 60.0
"""Connections that are begun in a second: a province's power comes back in villages, not at once,
and two hundred TLS handshakes a second are what a small server can do."""


ARRIVE_S = 60.0


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to the sites `after` seconds, or when the crowd's ``storm`` is set before:
    shares of all that lose their line or power."""

    after: float
    no_network: float = 0.0
    no_power: float = 0.0


def names(count: int) -> list[str]:
    """``sim-0001`` and so on."""
    return [f"sim-{number:04d}" for number in range(1, count + 1)]


def let_in(choice: LocalBroker, sites: Sequence[str], folder: Path, now: float) -> None:
    """Certificates for all, signed by the province's own authority and written into its ledger, as
    if each had been approved. Raises `OSError` where the province's folder cannot be written."""
    authority, ledger = choice.authority(now), choice.ledger
    folder.mkdir(parents=True, exist_ok=True)
    for site in sites:
        file = folder / f"{site}.pem"
        if file.exists() and ledger.get(_entry_name(site)) is not None:
            continue
        key = ec.generate_private_key(ec.SECP256R1())
        made = authority.site(key.public_key(), site, "", now, days=30.0)
        pem = made.public_bytes(serialization.Encoding.PEM)
        file.write_bytes(private_pem(key) + pem)
        file.chmod(0o600)
        ledger.put(
            Entry(
                fingerprint=_entry_name(site), claim="", site=site, csr="",
                state=EntryState.APPROVED, model="simulated", asked_at=now, seen_at=now,
                certificate=pem.decode(), number=str(made.serial_number), decided_at=now,
                decided_by="simulate",
            )
        )  # fmt: skip


def _entry_name(site: str) -> str:
    """Its place in the ledger; the fingerprint of a key that is made anew each run says nothing."""
    return site.replace("-", "")


class Crowd:
    """All sites of a run and what became of them."""

    def __init__(
        self,
        where: Where,
        sites: Sequence[str],
        folder: Path,
        *,
        meeting: Appointment | None = None,
        feeds: Mapping[str, Feed] | None = None,
        calm_s: float | None = None,
        diary: Diary | None = None,
    ) -> None:
        self.tally = Tally(diary=diary or Diary())
        self.storm = asyncio.Event()
        known = feeds or {}
        self.sites = [
            SimulatedSite(
                number, site, where, folder, self.tally,
                meeting=meeting, feed=known.get(site), calm_s=calm_s,
            )
            for number, site in enumerate(sites)
        ]  # fmt: skip
        self._running: dict[str, asyncio.Task[None]] = {}
        self.struck: dict[str, str] = {}
        self.struck_at: float | None = None

    async def run(self, seconds: float, weather: Weather | None = None) -> None:
        """Live for so long, or until cancelled; then everybody leaves with a word. Raises what a
        site dies of."""
        until = time.monotonic() + seconds
        blow = None if weather is None else asyncio.create_task(self._blow(weather))
        try:
            for site in self.sites:
                if site.name not in self.struck:
                    self._start(site)
                await asyncio.sleep(1 / START_PER_S)
            while (left := until - time.monotonic()) > 0:
                await asyncio.sleep(min(1.0, left))
                self._see_who_fell()
        finally:
            if blow is not None:
                await cancel_and_wait(blow)
            await self._end()

    @property
    def connected(self) -> int:
        """Sites that believe that they are connected."""
        return sum(site.connected for site in self.sites)

    @property
    def published(self) -> int:
        """Reports that the broker acknowledged, of the boots that run now."""
        return sum(site.reporter.published for site in self.sites)

    def account(self) -> dict[str, Any]:
        """The run in numbers; stable names, for others to build on."""
        feeds = sorted(self.tally.feed_ms)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "sites": len(self.sites),
            "connected": self.connected,
            "connections": self.tally.connections,
            "health_said": self.tally.said,
            "published": self.published,
            "nudges": self.tally.nudges,
            "feeds_read": len(feeds),
            "feed_p95_ms": round(feeds[int(0.95 * (len(feeds) - 1))], 1) if feeds else None,
            "lost_network": sum(how == "network" for how in self.struck.values()),
            "lost_power": sum(how == "power" for how in self.struck.values()),
            "struck_at": self.struck_at,
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "peak_mb": round(used.ru_maxrss / 1024),
        }

    def _start(self, site: SimulatedSite) -> None:
        self._running[site.name] = asyncio.create_task(site.run(), name=f"life of {site.name}")

    async def _blow(self, weather: Weather) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(weather.after):
                await self.storm.wait()
        order = random.Random(1).sample(self.sites, len(self.sites))  # noqa: S311 - weather
        dark = order[: round(weather.no_power * len(order))]
        cut = order[len(dark) : len(dark) + round(weather.no_network * len(order))]
        self.strike(cut, "network")
        self.strike(dark, "power")

    def strike(self, sites: Iterable[SimulatedSite], how: str) -> None:
        """These are gone without a word: ``network`` or ``power``, which the broker cannot tell."""
        for site in sites:
            self.struck[site.name], self.struck_at = how, time.time()
            site.vanish()
            self.tally.diary.note(site.name, "struck", how=how)

    def _see_who_fell(self) -> None:
        for task in self._running.values():
            if task.done() and not task.cancelled():
                task.result()

    async def _end(self) -> None:
        """Nobody says anything new; what was said gets its time to arrive; then all leave."""
        there = [site for site in self.sites if site.name not in self.struck]
        for site in there:
            site.hush()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ARRIVE_S):
                while not all(site.reporter.idle for site in there):
                    await asyncio.sleep(0.1)
        await cancel_and_wait(*self._running.values(), retry_s=20.0)
