"""The health program: builds every part once, runs the checks and reports until it is stopped."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from appliance.base.clock import SteadyClock, SystemClock
from appliance.base.config import Site
from appliance.base.errors import FactFileError, PartError
from appliance.base.fact_file import HEALTH_FILE
from appliance.base.mqtt import BrokerAddress, Connection, Will, connect
from appliance.base.paths import Paths
from appliance.base.program_ends import HEALTH_RUN, ProgramEnds
from appliance.base.run import run_until_signal
from appliance.base.supervisor import Supervisor
from appliance.base.systemd import SystemdNotifier
from appliance.base.tls.province import client_tls
from appliance.wire.facts import HealthFacts
from appliance.wire.report import Presence, Report
from appliance.wire.report_id import ReportId
from hardware.vitals.identity import boot_id, model, release, serial, slot
from services.health.backlog import Backlog
from services.health.check_api import Box
from services.health.check_runner import CheckRunner, HealthSnapshot
from services.health.checklist import Checklist
from services.health.credentials import Credentials
from services.health.enrolment import Applicant, EnrolmentClient
from services.health.province_messages import ProvinceMessages
from services.health.report_source import ReportSource
from services.health.reporter import Reporter
from services.health.sequence import Sequence
from services.support.trusted_time import release_made

log = logging.getLogger("diemcau.health")

POLL_INTERVAL_S = 0.5
"""Between two looks at the fact files: a hand is on its way to the chair within this."""
CHECK_INTERVAL_S = 10.0
CHECK_DEADLINE_S = 60.0
WATCHDOG_S = 120.0
"""The checks did not come to their end for so long: a driver hangs, and only a restart can help."""
REWRITE_S = 5.0
"""Facts that stay the same are written again, so that a neighbour knows that they hold."""


class HealthProgram:
    """All parts of one site's health, and the loops that run them."""

    def __init__(self, site: Site, paths: Paths, systemd: SystemdNotifier) -> None:
        self._site = site
        self._paths = paths
        self._systemd = systemd
        # As the endpoint's: by two clocks its fact file would be an hour old for a minute.
        floor = release_made(paths.root)
        self._clock = SteadyClock(SystemClock(trust=site.clock.trust, floor=floor))
        self._sequence = Sequence(boot_id(paths.root))
        self._wake = asyncio.Event()
        self._supervisor = Supervisor(self._wake.set)
        self._checklist = Checklist(paths.root, paths.data)
        self._check_runner = CheckRunner(self._checklist.checks)
        self._checked_at = time.monotonic()
        self._health = HealthSnapshot((), {}, {})
        self._written: HealthFacts | None = None
        self._written_at = float("-inf")
        self._province_messages = ProvinceMessages(self._clock.now, self._wake.set, self._resend)
        credentials = Credentials(paths.data)
        identity, province = site.site, site.province
        applicant = Applicant(
            identity.id,
            serial(paths.root),
            model(paths.root),
            province.url,
            province.ca,
            site.network.proxy,
        )
        self._enrolment = EnrolmentClient(
            applicant,
            credentials,
            now=self._clock.now,
            trusted=self._clock.trusted,
            changed=self._certificate_changed,
        )
        self._connect = _connector(site, credentials, self._clock.trusted)
        self.reporter = Reporter(
            identity.id,
            self._connect,
            Backlog(paths.data / "backlog"),
            birth=self._birth,
            next_id=self._next_id,
            on_message=self._province_messages.receive,
        )
        self._report_source = ReportSource(paths.run, self._send, self._next_id)

    async def run(self) -> None:
        """Run until cancelled.

        A part that fails is started again beside the others. Raises `PartError` where the facts or
        the checks fail too often: without them nothing that is reported is known. So does a round
        of checks that hangs, at once, for its thread cannot be ended.
        """
        self._systemd.watch("checks", lambda at: at - self._checked_at < WATCHDOG_S)
        keep = self._supervisor.keep
        async with asyncio.TaskGroup() as group:
            group.create_task(keep("facts", self._poll_facts, vital=True), name="facts")
            group.create_task(keep("checks", self._run_checks, vital=True), name="checks")
            if self._site.province.broker:
                group.create_task(keep("certificate", self._enrolment.run), name="certificate")
                group.create_task(keep("reporter", self.reporter.run), name="reporter")

    def mark_stopped(self) -> None:
        """Write down that this end is a wanted one."""
        self._checklist.reboot.stopped()

    async def _poll_facts(self) -> None:
        """The neighbours' files twice a second, the voltage with them; systemd is told."""
        while True:
            self._wake.clear()
            self._report_source.poll(self._clock.now())
            self._checklist.voltage.sample(self._paths.root)
            self._write_facts()
            for name in self._systemd.feed_watchdog():
                log.error("watchdog: the %s stand still", name)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._wake.wait()

    async def _run_checks(self) -> None:
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(CHECK_DEADLINE_S):
                    self._health = await asyncio.to_thread(self._check_runner.run, self._box())
            except TimeoutError as error:
                hang = f"the checks did not come to their end within {CHECK_DEADLINE_S:g} s"
                raise PartError(hang) from error
            self._checked_at = time.monotonic()
            self._report_source.report_health(self._health, self._checked_at)
            self._systemd.ready()
            await asyncio.sleep(max(0.0, began + CHECK_INTERVAL_S - time.monotonic()))

    def _box(self) -> Box:
        pair = self._enrolment.pair
        return Box(
            root=self._paths.root,
            data=self._paths.data,
            now=self._clock.now(),
            monotonic=time.monotonic(),
            trusted=self._clock.trusted(),
            site=self._site,
            run=self._paths.run,
            endpoint=self._report_source.endpoint,
            certificate_end=None if pair is None else pair.end,
        )

    def _send(self, report: Report) -> None:
        if self._site.province.broker:
            self.reporter.send(report)

    def _resend(self, since: float) -> None:
        self.reporter.resend(since)

    def _next_id(self) -> ReportId:
        return self._sequence.next(self._clock.now())

    def _certificate_changed(self) -> None:
        self.reporter.reconnect_now()
        self._wake.set()

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

    def _write_facts(self) -> None:
        codes = [alarm.code for alarm in self._health.alarms]
        connected_now = self.reporter.connected
        facts = HealthFacts(
            connected=connected_now,
            alarms=tuple(codes),
            alarm_details={one.code: one.detail for one in self._health.alarms if one.detail},
            claim=self._enrolment.claim,
            refused=self._enrolment.refused,
            hand_seen=self._province_messages.hand_seen(self._report_source.hand_seq),
            nudged_at=self._province_messages.nudged_at,
            desired=self._province_messages.desired_facts,
        )
        line = "connected" if connected_now else "not connected"
        self._systemd.status(f"{line}; alarms: {', '.join(codes) or 'none'}")
        self._write_file(facts)

    def _write_file(self, facts: HealthFacts) -> None:
        now = time.monotonic()
        if facts == self._written and now - self._written_at < REWRITE_S:
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


async def run_health(site: Site, paths: Paths) -> None:
    """Check this site and report until SIGTERM or SIGINT; raises what a vital part dies of."""
    systemd = SystemdNotifier()
    program = HealthProgram(site, paths, systemd)
    with ProgramEnds(HEALTH_RUN, paths.run).counted():
        await run_until_signal(program.run(), systemd=systemd, at_signal=program.mark_stopped)
