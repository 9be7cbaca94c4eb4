"""A fleet of simulated sites: certified, started one after another, some of them cut off."""

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
from services.simulate.behaviour import SimulatedMeeting
from services.simulate.feed import Feed
from services.simulate.site import BrokerAccess, SimulatedSite
from services.simulate.tally import EventLog, Tally

STARTS_PER_S = 60.0
"""A province's power comes back village by village, and a small server can do two hundred TLS
handshakes a second."""
DRAIN_TIMEOUT_S = 60.0
"""For reports that are still being sent at the end."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Shares of all sites that lose their network or power, `after` seconds or when `lose_now` of
    the fleet is set before."""

    after: float
    network_share: float = 0.0
    power_share: float = 0.0


def names(count: int) -> list[str]:
    """``sim-0001`` and so on."""
    return [f"sim-{number:04d}" for number in range(1, count + 1)]


def issue_certificates(broker: LocalBroker, sites: Sequence[str], folder: Path, now: float) -> None:
    """Write a certificate for each site, signed by the province's own authority and entered in its
    ledger, as if each had been approved.

    Raises `OSError` where the province's folder cannot be written.
    """
    authority, ledger = broker.authority(now), broker.ledger
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
    """Its name in the ledger; the fingerprint of a key that is made anew each run is of no use."""
    return site.replace("-", "")


class SimulatedFleet:
    """All sites of a run, and those that were cut off."""

    def __init__(
        self,
        access: BrokerAccess,
        sites: Sequence[str],
        folder: Path,
        *,
        meeting: SimulatedMeeting | None = None,
        feeds: Mapping[str, Feed] | None = None,
        interval_s: float | None = None,
        event_log: EventLog | None = None,
    ) -> None:
        self.tally = Tally(event_log=event_log or EventLog())
        self.lose_now = asyncio.Event()
        known = feeds or {}
        self.sites = [
            SimulatedSite(
                number, site, access, folder, self.tally,
                meeting=meeting, feed=known.get(site), interval_s=interval_s,
            )
            for number, site in enumerate(sites)
        ]  # fmt: skip
        self._running: dict[str, asyncio.Task[None]] = {}
        self.lost: dict[str, str] = {}
        self.lost_at: float | None = None

    async def run(self, seconds: float, outage: Outage | None = None) -> None:
        """Report for so long, or until cancelled; then all disconnect in order. Raises the error
        of a site that fails."""
        until = time.monotonic() + seconds
        losing = None if outage is None else asyncio.create_task(self._lose_some(outage))
        try:
            for site in self.sites:
                if site.name not in self.lost:
                    self._start(site)
                await asyncio.sleep(1 / STARTS_PER_S)
            while (left := until - time.monotonic()) > 0:
                await asyncio.sleep(min(1.0, left))
                self._raise_failures()
        finally:
            if losing is not None:
                await cancel_and_wait(losing)
            await self._end()

    @property
    def connected(self) -> int:
        """Sites that are connected as far as they know."""
        return sum(site.connected for site in self.sites)

    @property
    def published(self) -> int:
        """Reports that the broker acknowledged, of the boots that run now."""
        return sum(site.reporter.published for site in self.sites)

    def account(self) -> dict[str, Any]:
        """The run in numbers; programs rely on the names."""
        feeds = sorted(self.tally.feed_ms)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "sites": len(self.sites),
            "connected": self.connected,
            "connections": self.tally.connections,
            "health_said": self.tally.health_reports,
            "published": self.published,
            "nudges": self.tally.nudges,
            "feeds_read": len(feeds),
            "feed_p95_ms": round(feeds[int(0.95 * (len(feeds) - 1))], 1) if feeds else None,
            "lost_network": sum(how == "network" for how in self.lost.values()),
            "lost_power": sum(how == "power" for how in self.lost.values()),
            "struck_at": self.lost_at,
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "peak_mb": round(used.ru_maxrss / 1024),
        }

    def _start(self, site: SimulatedSite) -> None:
        self._running[site.name] = asyncio.create_task(site.run(), name=f"site {site.name}")

    async def _lose_some(self, outage: Outage) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(outage.after):
                await self.lose_now.wait()
        order = random.Random(1).sample(self.sites, len(self.sites))  # noqa: S311 - chooses sites
        dark = order[: round(outage.power_share * len(order))]
        cut = order[len(dark) : len(dark) + round(outage.network_share * len(order))]
        self.cut_off(cut, "network")
        self.cut_off(dark, "power")

    def cut_off(self, sites: Iterable[SimulatedSite], how: str) -> None:
        """Cut these off: from ``network`` or ``power``, which the broker cannot tell apart."""
        for site in sites:
            self.lost[site.name], self.lost_at = how, time.time()
            site.cut_off()
            self.tally.event_log.note(site.name, "struck", how=how)

    def _raise_failures(self) -> None:
        for task in self._running.values():
            if task.done() and not task.cancelled():
                task.result()

    async def _end(self) -> None:
        """Stop reporting, wait until all reports are sent, then disconnect."""
        connected = [site for site in self.sites if site.name not in self.lost]
        for site in connected:
            site.stop_reporting()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while not all(site.reporter.idle for site in connected):
                    await asyncio.sleep(0.1)
        await cancel_and_wait(*self._running.values(), retry_s=20.0)
