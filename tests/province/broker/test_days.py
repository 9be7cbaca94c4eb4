"""Years go by: everybody is still in, and nobody had to do anything.

The program, mosquitto and the boxes are real, over real TLS; their clock is shifted.
"""

import asyncio
import ssl
import time
from pathlib import Path

import psutil
import pytest
from cryptography import x509

from services.province.broker.local_broker import LocalBroker
from services.province.ca.enrolment import Enrolment
from tests.health.box import Box
from tests.process.ports import free_port
from tests.process.shifted_clock import ShiftedClock
from tests.process.waiting import until, until_told
from tests.province.program import a_province

DAY = 86_400.0


def web_certificate(port: int) -> float:
    """When the certificate that the web server shows ends (POSIX s)."""
    shown = ssl.get_server_certificate(("127.0.0.1", port), timeout=20)
    return x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc.timestamp()


@pytest.mark.case("K10")
@pytest.mark.timeout(500)
async def test_31_400_and_821_days_on_everybody_is_in(tmp_path: Path) -> None:
    """On each of these days the broker falls, so that everybody has to show a certificate."""
    clock = ShiftedClock(tmp_path)
    choice = LocalBroker(tmp_path / "province/broker", port=free_port())
    async with a_province(
        tmp_path, "--own-certificate", broker_port=choice.port, environment=clock.environment
    ) as program:
        runs = Box(tmp_path / "runs", choice, program.url, clock.environment, "runs")
        rests = Box(tmp_path / "rests", choice, program.url, clock.environment, "rests")

        def said() -> str:
            broker_log = choice.files.configuration.with_suffix(".log")
            logs = [log.read_text()[-2000:] for log in (broker_log, program.log)]
            return "\n".join([runs.said(), rests.said(), *logs])

        async def let_in(box: Box, times: int) -> None:
            await until(
                f"{box.name} is in on day {clock.days}",
                lambda: box.connections > times and box.facts().get("connected"),
                within=120,
                else_say=said,
            )

        async def renewed() -> bool:
            shown = await asyncio.to_thread(web_certificate, program.port)
            return shown > time.time() + clock.days * DAY

        try:
            await runs.start()
            await rests.start()
            enrolment = Enrolment(choice.authority(time.time()), choice.ledger)
            await until(
                "both ask", lambda: len(enrolment.pending(time.time())) == 2,
                within=120, else_say=said,
            )  # fmt: skip
            for entry in enrolment.pending(time.time()):
                enrolment.approve(entry.claim, time.time(), by="a test")
            await let_in(runs, 0)
            await let_in(rests, 0)
            await rests.end()
            for days in (31, 400, 821):
                clock.set(days)
                await asyncio.sleep(2.5)  # the programs see it within a second
                known = runs.connections
                if days == 400:  # it was off for all that time
                    await rests.start()
                for process in psutil.Process(program.process.pid).children(recursive=True):
                    process.kill()
                await let_in(runs, known)
                await until_told("the web server's certificate is renewed", renewed)
            await let_in(rests, 1)
            assert "comes back 35 days after its certificate's end" in program.log.read_text()
        finally:
            await runs.end()
            await rests.end()
