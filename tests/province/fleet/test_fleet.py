"""The whole province by one command: sites report to it, are told of changes, and are missed."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from appliance.base.mqtt import BrokerAddress
from appliance.base.tasks import cancel_and_wait
from services.province.broker.local_broker import LocalBroker
from services.province.fleet.overview import statuses_of
from services.province.fleet.readiness import SiteStatus, State
from services.province.schedule.meetings import Guests, MeetingDraft, create, edit, get_meeting
from services.province.settings import Settings
from services.province.sites.site_files import archive
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from services.province.storage.tables import Site
from services.simulate.feed import client, feeds
from services.simulate.fleet import SimulatedFleet, issue_certificates, names
from services.simulate.site import BrokerAccess
from services.simulate.tally import EventLog
from tests.process.ports import free_port
from tests.process.waiting import until
from tests.province.program import a_province

SITES = names(4)


@pytest.mark.timeout(480)
async def test_sites_report_hear_of_changes_and_are_missed(tmp_path: Path) -> None:
    port = free_port()
    async with a_province(tmp_path, broker_port=port) as program:
        database = Database(f"sqlite:///{program.data / 'province.db'}")

        def statuses() -> dict[str, SiteStatus]:
            with database.reading() as session:
                return statuses_of(session, SITES, time.time(), close=True)

        with database.writing() as session:
            place = place_at(session, ["Gia Lai"])
            for name in SITES[:3]:  # the fourth reports and nobody has entered it
                add_site(session, name, f"Xã {name}", place, time.time())
            number = place.id
        choice = LocalBroker(program.data / "broker", port=port)
        issue_certificates(choice, SITES, tmp_path / "sites", time.time())
        where = BrokerAccess(
            BrokerAddress("127.0.0.1", port), choice.files.authority, keepalive_s=8
        )
        packed = tmp_path / "site-files.zip"
        with database.reading() as session:
            settings = Settings(url=program.url)
            packed.write_bytes(archive(settings, session.scalars(select(Site)).all()))
        http = client(choice.files.authority)
        diary = (tmp_path / "diary").open("w", buffering=1)
        fleet = SimulatedFleet(
            where, SITES, tmp_path / "sites", interval_s=2.0, event_log=EventLog(diary),
            feeds=feeds(packed, SITES[:3], http),
        )  # fmt: skip

        def lines(what: str) -> list[dict[str, Any]]:
            told = map(json.loads, (tmp_path / "diary").read_text().splitlines())
            return [line for line in told if line["what"] == what]

        def read(sequence: int) -> set[str]:
            return {line["site"] for line in lines("feed") if line["sequence"] == sequence}

        def nudged(times: int) -> set[str]:
            """More often than there was need for is no harm: the line may have been lost."""
            told = Counter(line["site"] for line in lines("nudge"))
            return {site for site, count in told.items() if count >= times}

        now = time.time()
        running = asyncio.create_task(fleet.run(1e6))
        try:
            await until(
                "three sites are heard of, and the stranger is passed over",
                lambda: (
                    {name for name, one in statuses().items() if one.heard_at} == set(SITES[:3])
                ),
                within=90,
                else_say=statuses,
            )
            guests = Guests(frozenset({number}))
            draft = MeetingDraft("Giao ban", now - 65, 3600, guests, address="sip:1@mcu.example")
            with database.writing() as session:
                meeting = create(session, draft, time.time()).id
            await until("all are told", lambda: nudged(1) == set(SITES[:3]), within=60)
            await until("all have read of it", lambda: read(0) == set(SITES[:3]), within=60)
            await until(
                "all are in the meeting that their feeds hold",
                lambda: all(statuses()[site].phase == "in meeting" for site in SITES[:3]),
                within=90,
                else_say=statuses,
            )
            with database.writing() as session:
                fewer = replace(draft, guests=Guests(sites=frozenset({SITES[0]})))
                edit(session, get_meeting(session, meeting), fewer, time.time())
            await until(
                "who was asked out again is told too",
                lambda: nudged(2) == set(SITES[:3]),
                within=60,
            )
            await until("who stays has read that too", lambda: read(1) >= {SITES[0]}, within=60)
            fleet.cut_off([fleet.sites[1]], "power")
            await until(
                "it is missed",
                lambda: statuses()[SITES[1]].state is State.SILENT,
                within=90,
                else_say=statuses,
            )
            await until(
                "and no other",
                lambda: statuses()[SITES[0]].state is not State.SILENT,
                within=90,
                else_say=statuses,
            )
        finally:
            await cancel_and_wait(running, retry_s=60.0)
            await http.aclose()
            diary.close()
            database.close()


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    port = free_port()
    async with a_province(tmp_path, broker_port=port):
        with pytest.raises(AssertionError, match=f"listens on 127.0.0.1:{port}; choose another"):
            async with a_province(tmp_path, name="second", broker_port=port):
                pass


async def test_a_program_that_is_killed_takes_its_broker_with_it(tmp_path: Path) -> None:
    port = free_port()
    async with a_province(tmp_path, broker_port=port) as program:
        (broker,) = psutil.Process(program.process.pid).children()
        assert broker.name() == "mosquitto"
        program.kill()
        await until("the broker is gone", lambda: not broker.is_running())
    async with a_province(tmp_path, broker_port=port):
        pass
