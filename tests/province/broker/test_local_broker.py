"""The broker beside the province: from a code on a TV to a report in the storage, and out again."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, connect
from appliance.base.tls.province import client_tls
from appliance.wire.enrolment import EnrolRequest
from appliance.wire.report import Health, Presence, Report
from appliance.wire.topics import Kind, Topic
from services.health.credentials import Pair, private_pem, request
from services.province.broker.local_broker import LocalBroker, run_local_broker
from services.province.broker.process import BrokerError
from services.province.ca.enrolment import Enrolment
from services.province.ca.routes import enrolment_routes
from tests.health.box import Box, https
from tests.process.ports import free_port
from tests.process.waiting import until, until_told
from tests.province.broker.memory_store import MemoryStore
from tests.wire.golden import examples

SITE = "ia-kly"


def enrolled(enrolment: Enrolment, folder: Path) -> Path:
    """Key and certificate of a site that was approved, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    enrolment.ask(EnrolRequest(SITE, request(key, SITE, "1").decode(), "1"), time.time())
    (waiting,) = enrolment.pending(time.time())
    entry = enrolment.approve(waiting.claim, time.time(), by="a test")
    file = folder / "identity.pem"
    file.write_bytes(private_pem(key) + entry.certificate.encode())
    return file


async def test_who_is_approved_is_in_at_once_and_who_is_revoked_is_thrown_out(
    tmp_path: Path,
) -> None:
    choice, store = LocalBroker(tmp_path / "broker", port=free_port()), MemoryStore()
    place = BrokerAddress(choice.host, choice.port)
    (payload,) = examples("health")
    async with run_local_broker(choice, store.store) as province:
        tls = client_tls(choice.files.authority, enrolled(province.enrolment, tmp_path))
        async with connect(place, SITE, tls, None) as link:
            await link.publish(str(Topic(SITE, Kind.HEALTH)), payload, retain=True)
            await until("it is stored", lambda: store.kept)
            province.enrolment.revoke(SITE, time.time(), by="a test")
            with pytest.raises(MQTT_ERRORS):  # its connection ends without its doing
                async with asyncio.timeout(40):
                    async for _ in link.messages():
                        pass

        async def refused() -> bool:
            try:
                async with connect(place, SITE, tls, None):
                    return False
            except MQTT_ERRORS as error:
                return "certificate" in str(error)

        await until_told("it is refused", refused)
        await until("the province is back", lambda: province.ingest.counts.connected)


async def test_from_a_box_without_a_certificate_to_its_report_in_the_storage(
    tmp_path: Path,
) -> None:
    """The whole way with real TLS: `diemcau health`, the code on its TV, one click, the broker."""
    choice, store = LocalBroker(tmp_path / "broker", port=free_port()), MemoryStore()
    async with (
        run_local_broker(choice, store.store) as province,
        https(choice, tmp_path, enrolment_routes(province.enrolment, time.time)) as url,
    ):
        box = Box(tmp_path / "box", choice, url)
        await box.start()
        try:
            code = await until(
                "the code is for the TV",
                lambda: box.facts().get("claim"),
                within=120.0,
                else_say=box.said,
            )
            (waiting,) = await until(
                "the centre has it", lambda: province.enrolment.pending(time.time())
            )
            assert (waiting.claim, waiting.serial) == (code, "10000000a1b2c3d4")
            assert store.kept == {}
            province.enrolment.approve(code, time.time(), by="a test")
            await until("it reports", lambda: _of(store, Health), else_say=box.said)
            assert _of(store, Presence)[0].serial == "10000000a1b2c3d4"
            await until("it is told so", lambda: box.facts().get("connected"))
            assert box.facts()["claim"] == ""
        finally:
            await box.end()
    assert not _of(store, Presence)[-1].online


def _of(store: MemoryStore, kind: type[Report]) -> list[Any]:
    return [report for report in store.kept.values() if isinstance(report, kind)]


async def test_a_broker_that_falls_is_started_again(tmp_path: Path) -> None:
    choice, store = LocalBroker(tmp_path / "broker", port=free_port()), MemoryStore()
    (payload,) = examples("health")
    async with run_local_broker(choice, store.store) as province:
        await until("the ingest is connected", lambda: province.ingest.counts.connected)
        (broker,) = brokers(choice)
        os.kill(broker, signal.SIGKILL)
        await until("another runs", lambda: brokers(choice) not in ([], [broker]))
        await until("the line is back", lambda: province.ingest.counts.lost_connections >= 1
                    and province.ingest.counts.connected)  # fmt: skip
        tls = client_tls(choice.files.authority, enrolled(province.enrolment, tmp_path))
        async with connect(BrokerAddress(choice.host, choice.port), SITE, tls, None) as link:
            await link.publish(str(Topic(SITE, Kind.HEALTH)), payload, retain=True)
        await until("it is stored", lambda: store.kept)
    assert brokers(choice) == []


async def test_a_port_that_is_taken_is_an_error_with_its_name(tmp_path: Path) -> None:
    port = free_port()
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", port)
    choice = LocalBroker(tmp_path / "broker", port=port)
    async with server:
        with pytest.raises(BrokerError, match=f"somebody else listens on 127.0.0.1:{port}"):
            async with run_local_broker(choice, MemoryStore().store):
                pass


async def test_the_second_start_finds_the_first_ones_authority(tmp_path: Path) -> None:
    choice = LocalBroker(tmp_path / "broker", port=free_port())
    async with run_local_broker(choice, MemoryStore().store) as province:
        first = Pair(ec.generate_private_key(ec.SECP256R1()), province.authority.certificate)
    async with run_local_broker(choice, MemoryStore().store) as province:
        assert province.authority.certificate == first.certificate
    secret = choice.folder / "authority/authority-key.pem"
    assert secret.stat().st_mode & 0o777 == 0o600


def brokers(choice: LocalBroker) -> list[int]:
    """The brokers of this folder that run."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # of which a zombie is one
            if str(choice.files.configuration) in process.cmdline():
                found += [process.pid] * (process.status() != psutil.STATUS_ZOMBIE)
    return found
