"""A small fleet on the province's own broker: all is stored, and who fell silent is known."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.base.mqtt import BrokerAddress
from appliance.base.tasks import cancel_and_wait
from appliance.wire.report import Hand, Health, Meeting, Presence
from services.province.broker.local_broker import LocalBroker, run_local_broker
from services.province.importing.sites_sheet import import_sites
from services.province.storage.database import Database
from services.simulate.behaviour import HAND_S, UPCOMING_S, Behaviour, SimulatedMeeting
from services.simulate.fleet import Outage, SimulatedFleet, issue_certificates, names
from services.simulate.site import BrokerAccess
from tests.process.ports import free_port
from tests.process.waiting import until
from tests.province.broker.memory_store import MemoryStore

COUNT = 12


def newest(store: MemoryStore) -> dict[str, Presence]:
    """The presence of each site, as a province has it."""
    found: dict[str, Presence] = {}
    for (site, _, _), report in store.kept.items():
        if isinstance(report, Presence) and report.after(found.get(site)):
            found[site] = report
    return found


@pytest.mark.timeout(240)
async def test_a_crowd_reports_and_who_is_lost_is_known(tmp_path: Path) -> None:
    """The broker's own keep-alive finds them: nobody tells."""
    choice, store = LocalBroker(tmp_path / "broker", port=free_port()), MemoryStore()
    sites = names(COUNT)
    async with run_local_broker(choice, store.store) as province:
        issue_certificates(choice, sites, tmp_path / "sites", time.time())
        place = BrokerAddress("127.0.0.1", choice.port)
        where = BrokerAccess(place, choice.files.authority, keepalive_s=8, will_delay_s=1)
        meeting = SimulatedMeeting("m", time.time() - 65.0, time.time() + 600.0)
        fleet = SimulatedFleet(where, sites, tmp_path / "sites", meeting=meeting, interval_s=2.0)
        weather = Outage(after=1e9)
        running = asyncio.create_task(fleet.run(1e6, weather))
        await until(
            "all are in the meeting",
            lambda: len({s for (s, _, _), r in store.kept.items()
                         if isinstance(r, Meeting) and r.phase == "in meeting"}) == COUNT,
            within=90,
            else_say=fleet.account,
        )  # fmt: skip
        await province.ingest.notify_agenda(sites[3])
        await until("the nudge is heard", lambda: fleet.tally.nudges == 1)
        silent = {sites[0], sites[5]}
        fleet.cut_off([site for site in fleet.sites if site.name in silent], "network")
        await until(
            "the silent ones are known",
            lambda: {name for name, one in newest(store).items() if not one.online} == silent,
            within=90,
            else_say=lambda: newest(store),
        )
        said = {name for name in fleet.tally.report_names if name[0] not in silent}
        await until("all that was said is stored", lambda: said <= set(store.kept))
        await cancel_and_wait(running, retry_s=60.0)
    kinds = {type(report) for report in store.kept.values()}
    assert kinds == {Presence, Health, Meeting, Hand}


def test_a_life_is_the_same_each_time_and_joins_within_its_minute() -> None:
    meeting = SimulatedMeeting("m", 10_000.0, 13_600.0)
    for number in range(50):
        life, again = Behaviour(number), Behaviour(number)
        now = 0.0
        phases: list[str] = []
        while now < 20_000.0:
            activity = life.activity(now, meeting)
            assert activity == again.activity(now, meeting)
            if not phases or phases[-1] != activity.phase:
                phases.append(activity.phase)
            following = min(life.changes_at(now, meeting), 20_000.0)
            assert following > now
            middle = life.activity((now + following) / 2, meeting)
            assert (middle.phase, middle.hand_since) == (activity.phase, activity.hand_since)
            now = following
        assert phases == ["idle", "upcoming", "joining", "in meeting", "idle"]
        assert life.activity(10_065.0, meeting).call == "up"
        assert life.activity(10_000.0 - UPCOMING_S, meeting).phase == "upcoming"


def test_some_are_ill_and_some_raise_a_hand() -> None:
    meeting = SimulatedMeeting("m", 0.0, 3600.0)
    ill = [life for number in range(200) if (life := Behaviour(number)).alarms(0.0)]
    assert 5 < len(ill) < 60
    assert ill[0].alarms(7.0)[0].since == 7.0
    hands = [
        number
        for number in range(200)
        if any(
            Behaviour(number).activity(float(at), meeting).hand_since for at in range(70, 700, 30)
        )
    ]
    assert 20 < len(hands) < 120
    assert HAND_S > 30


def test_the_command_lists_its_sites_as_a_sheet_that_the_console_takes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.command", "simulate", "--sites", "30", "--list"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert b"sim-0001,X\xc3\xa3 sim-0001," in done.stdout.splitlines()[1]
    database = Database(f"sqlite:///{tmp_path / 'province.db'}")
    database.upgrade()
    with database.writing() as session:
        taken = import_sites(session, done.stdout, 1.0)
    database.close()
    assert (taken.added, taken.problems) == (30, [])


@pytest.mark.timeout(240)
async def test_the_command_strikes_and_ends_when_told_and_gives_its_account(tmp_path: Path) -> None:
    choice, store, diary = (
        LocalBroker(tmp_path, port=free_port()),
        MemoryStore(),
        tmp_path / "diary",
    )
    async with run_local_broker(choice, store.store):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command", "simulate", "--sites", "4", "--province",
            str(tmp_path), "--port", str(choice.port), "--seconds", "9000", "--interval", "1",
            "--json", "--lose-power", "0.25", "--lose-after", "9000", "--events", str(diary),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await until("all report", lambda: {site for site, _, _ in store.kept} == set(names(4)),
                    within=90)  # fmt: skip
        process.send_signal(signal.SIGUSR1)
        await until("one is struck", lambda: '"struck"' in diary.read_text(), within=60)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(90):
            said, _ = await process.communicate()
        account = json.loads(said)
        assert (account["sites"], account["lost_power"]) == (4, 1)
        assert account["connections"] >= 4
        lines = [json.loads(line) for line in diary.read_text().splitlines()]
        (struck,) = {line["site"] for line in lines if line["what"] == "struck"}
        told = {
            (line["site"], line["boot"], line["seq"])
            for line in lines
            if line["what"] == "health"
        }  # fmt: skip
        assert len(told) == account["health_said"]
        others = {name for name in told if name[0] != struck}
        await until("all is stored", lambda: others <= set(store.kept))
