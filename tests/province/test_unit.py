"""The province's unit, judged by systemd itself, and what it says to systemd."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from services.province.command import province
from tests.judged_unit import JudgedUnit
from tests.process.notify import NotifySocket
from tests.process.ports import free_port
from tests.process.waiting import until

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "services/province/diemcau-province.service"
MOST_EXPOSED = 1.6

pytestmark = pytest.mark.case("K12")


def test_systemd_understands_every_line() -> None:
    assert JudgedUnit(UNIT).misunderstood() == []


def test_it_is_exposed_to_little() -> None:
    assert JudgedUnit(UNIT).exposure() <= MOST_EXPOSED


def test_it_has_its_limits_and_never_gives_up() -> None:
    unit = dict(
        line.split("=", 1) for line in UNIT.read_text().splitlines() if re.match(r"\w+=", line)
    )
    assert int(unit["LimitNOFILE"]) >= 4000 + 1100
    assert {"MemoryMax", "TasksMax", "WatchdogSec"} <= set(unit)
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("always", "0")


def test_each_variable_that_the_documents_name_is_an_option() -> None:
    known = {f"DIEMCAU_PROVINCE_{str(option.name).upper()}" for option in province.params}
    named: set[str] = set()
    for file in (UNIT, ROOT / "docs/province.md"):
        named |= set(re.findall(r"DIEMCAU_PROVINCE_[A-Z_]*[A-Z]", file.read_text()))
    assert {"DIEMCAU_PROVINCE_DATA", "DIEMCAU_PROVINCE_URL"} <= named
    plural = {
        "DIEMCAU_PROVINCE_MEETING_HOST": "HOSTS",
        "DIEMCAU_PROVINCE_CALENDAR_HOST": "CALENDARS",
    }
    assert {name for name in named if name not in plural} <= known


@pytest.mark.timeout(300)
async def test_it_is_ready_when_pages_are_served_and_feeds_the_watchdog(tmp_path: Path) -> None:
    notify = NotifySocket(tmp_path / "notify")
    notify.open()
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", "province", "--data", str(tmp_path / "data"),
            "--port", str(free_port()), "--broker-port", str(free_port()),
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            env={"NOTIFY_SOCKET": str(notify.path), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    try:
        await until("it is ready", lambda: notify.count("READY=1"), within=240)
        await until("the watchdog is fed again and again", lambda: notify.count("WATCHDOG=1") >= 2)
        process.terminate()
        await until("it says that it stops", lambda: notify.count("STOPPING=1"))
        assert await asyncio.wait_for(process.wait(), 40) == 0
    finally:
        notify.close()
        if process.returncode is None:
            process.kill()
            await process.wait()
