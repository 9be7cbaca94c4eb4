"""The health program's composition root: builds every part once and tells until told to stop."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from appliance.base.clock import SystemClock
from appliance.base.config import Site
from appliance.base.errors import FactFileError
from appliance.base.fact_file import HEALTH_FILE
from appliance.base.mqtt import BrokerAddress, Connection, Will, connect
from appliance.base.paths import Paths
from appliance.base.run import run_until_signal
from appliance.base.systemd import SystemdNotifier
from appliance.wire.facts import HealthFacts
from appliance.wire.report import Presence, Report
from appliance.wire.report_id import ReportId
from hardware.vitals.identity import boot_id, model, release, serial, slot
from services.health.backlog import Backlog
from services.health.check_api import Box
from services.health.check_runner import CheckRunner, Condition
from services.health.checklist import Checklist
from services.health.credentials import Credentials, client_tls
from services.health.enrolment import Enrol, Owner
from services.health.province_messages import ProvinceMessages
from services.health.report_source import ReportSource
from services.health.reporter import Reporter
from services.health.sequence import Sequence

log = logging.getLogger("diemcau.health")

LOOK_S = 0.5
"""A hand is on its way to the chair within this."""
ROUND_S = 10.0
ROUND_DEADLINE_S = 60.0
STILL_S = 120.0
"""No round came to its end for so long: a driver hangs, and a restart is all that can help."""


class Tending:
    """All parts of one site's health, and the loops that drive them."""

    def __init__(self, site: Site, paths: Paths, systemd: SystemdNotifier) -> None:
        self._site = site
        self._paths = paths
        self._systemd = systemd
        self._clock = SystemClock(trust=site.clock.trust)
        self._sequence = Sequence(boot_id(paths.root))
        self._stirred = asyncio.Event()
        self._checklist = Checklist(paths.root, paths.data)
        self._rounds = CheckRunner(self._checklist.checks)
        self._rounded_at = time.monotonic()
        self._condition = Condition((), {}, {})
        self._written: HealthFacts | None = None
        self._written_at = float("-inf")
        self._told = ProvinceMessages(self._clock.now, self._stirred.set)
        credentials = Credentials(paths.data)
        identity, province = site.site, site.province
        owner = Owner(identity.id, serial(paths.root), model(paths.root), province.url, province.ca)
        self._enrol = Enrol(
            owner,
            credentials,
            now=self._clock.now,
            trusted=self._clock.trusted,
            changed=self._certified,
        )
        self._connect = _connector(site, credentials, self._clock.trusted)
        self.reporter = Reporter(
            identity.id,
            self._connect,
            Backlog(paths.data / "backlog"),
            birth=self._birth,
            next_id=self._next_id,
            heard=self._told.hear,
        )
        self._teller = ReportSource(paths.run, self._say, self._next_id)

    async def run(self) -> None:
        """Tend until cancelled; ends with the first part that ends."""
        self._systemd.watch("rounds", lambda at: at - self._rounded_at < STILL_S)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._looks(), name="looks")
            group.create_task(self._round_after_round(), name="rounds")
            if self._site.province.broker:
                group.create_task(self._enrol.run(), name="certificate")
                group.create_task(self.reporter.run(), name="reporter")

    def stopped(self) -> None:
        """A wanted end, written down."""
        self._checklist.reboot.stopped()

    async def _looks(self) -> None:
        """The neighbours' files twice a second, the voltage with them; systemd is told."""
        while True:
            self._stirred.clear()
            self._teller.look(self._clock.now())
            self._checklist.voltage.sample(self._paths.root)
            self._tell_neighbours()
            for name in self._systemd.feed_watchdog():
                log.error("watchdog: %s stand still", name)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stirred.wait()

    async def _round_after_round(self) -> None:
        while True:
            began = time.monotonic()
            async with asyncio.timeout(ROUND_DEADLINE_S):
                self._condition = await asyncio.to_thread(self._rounds.go, self._box())
            self._rounded_at = time.monotonic()
            self._teller.condition(self._condition, self._rounded_at)
            self._systemd.ready()
            await asyncio.sleep(max(0.0, began + ROUND_S - time.monotonic()))

    def _box(self) -> Box:
        pair = self._enrol.pair
        return Box(
            root=self._paths.root,
            data=self._paths.data,
            now=self._clock.now(),
            monotonic=time.monotonic(),
            trusted=self._clock.trusted(),
            site=self._site,
            endpoint=self._teller.endpoint,
            certificate_end=None if pair is None else pair.end,
        )

    def _say(self, report: Report) -> None:
        if self._site.province.broker:
            self.reporter.say(report)

    def _next_id(self) -> ReportId:
        return self._sequence.next(self._clock.now())

    def _certified(self) -> None:
        self.reporter.hurry()
        self._stirred.set()

    def _birth(self) -> Presence:
        root, report_id = self._paths.root, self._next_id()
        return Presence(
            report_id,
            online=True,
            session=report_id.seq,
            serial=serial(root),
            model=model(root),
            release=release(root),
            slot=slot(root),
        )

    def _tell_neighbours(self) -> None:
        codes = [alarm.code for alarm in self._condition.alarms]
        connected_now = self.reporter.connected
        facts = HealthFacts(
            connected=connected_now,
            alarms=tuple(codes),
            claim=self._enrol.claim,
            refused=self._enrol.refused,
            hand_seen=self._told.sees(self._teller.hand_seq),
            nudged_at=self._told.nudged_at,
            desired=self._told.desired_facts,
        )
        line = "connected" if connected_now else "not connected"
        self._systemd.status(f"{line}; alarms: {', '.join(codes) or 'none'}")
        self._write(facts)

    def _write(self, facts: HealthFacts) -> None:
        now = time.monotonic()
        if facts == self._written and now - self._written_at < 5.0:
            return
        try:
            HEALTH_FILE.write(self._paths.run, facts, self._clock.now())
        except FactFileError as error:
            if self._written is not None or self._written_at == float("-inf"):
                log.warning("%s", error)
            self._written = None
        else:
            self._written = facts
        self._written_at = now


def _connector(
    site: Site, credentials: Credentials, trusted: Callable[[], bool]
) -> Callable[[Will], AbstractAsyncContextManager[Connection]]:
    """Reads the certificate anew for each connection: it may have been renewed meanwhile."""

    def connect_once(will: Will) -> AbstractAsyncContextManager[Connection]:
        if credentials.pair() is None:
            raise OSError("this site has no certificate yet")
        tls = client_tls(site.province.ca, credentials.file, trusted=trusted())
        return connect(BrokerAddress.parse(site.province.broker), site.site.id, tls, will)

    return connect_once


async def tend(site: Site, paths: Paths) -> None:
    """Tell how this site is until SIGTERM or SIGINT; raises what any part dies of."""
    systemd = SystemdNotifier()
    tending = Tending(site, paths, systemd)
    await run_until_signal(tending.run(), systemd=systemd, at_signal=tending.stopped)
