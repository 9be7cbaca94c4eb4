"""Three attackers of a province in a process of their own, until the signal TERM.

* *flood*: the certificate of one site sends valid reports of nearly the largest size, as fast as
  the broker answers them, whatever the answer; thrown off, it is back in half a second.
* *idle*: connections to the console that say nothing, half of them after their TLS handshake, from
  many addresses; what is closed is opened again.
* *log-ins*: wrong passwords from other addresses, each over a connection of its own.

At the end one line of JSON says what they did. The console believes nobody's X-Forwarded-For here,
so each address is one of the loopback network (RFC 1122, 3.2.1.3) to which the socket is bound.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from appliance.base.mqtt import MQTT_ERRORS, BrokerAddress, Refused, connect
from appliance.base.tasks import cancel_and_wait
from appliance.base.tls.province import client_tls
from appliance.wire.alarm import Alarm
from appliance.wire.report import Health, print_report
from appliance.wire.report_id import ReportId
from appliance.wire.topics import Kind, Topic
from services.province.connections import raise_handle_limit

HOST = "127.0.0.1"
IDLE_OF_ONE_ADDRESS = 10
LOGIN_ADDRESSES = 60
IN_FLIGHT = 20
"""Reports of the flood without an acknowledgement."""
FIRST_SEQ = 10**9
RETRY_S = 0.5
LOGIN_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Done:
    """What they did; programs rely on the names."""

    flood_reports: int = 0
    flood_bytes: int = 0
    flood_refused: int = 0
    """Sent as well, and as fast; a real box would wait."""
    flood_connections: int = 0
    idle_open: int = 0
    idle_most: int = 0
    idle_opened: int = 0
    logins: dict[str, int] = field(default_factory=dict)
    """By the answer's status, or the error's name."""


def large_report(seq: int) -> bytes:
    """A valid report of nearly the largest size, some 55 kB."""
    texts = dict.fromkeys(("vi", "en", "de", "fr", "ja"), "á" * 480)
    alarms = tuple(Alarm(f"key{n}", "B1", 2, 1.0, "x" * 400, texts, texts) for n in range(5))
    return print_report(Health(ReportId(time.time(), "flood", seq), alarms))


async def flood(broker: BrokerAddress, site: str, tls: ssl.SSLContext, done: Done) -> None:
    """Until cancelled."""
    topic, seq = str(Topic(site, Kind.HEALTH)), FIRST_SEQ
    begin, end = large_report(FIRST_SEQ).split(str(FIRST_SEQ).encode())

    async def one(number: int) -> None:
        payload = begin + str(number).encode() + end  # to make each anew took most of its time
        try:
            await link.publish(topic, payload, retain=True)
            done.flood_reports += 1
            done.flood_bytes += len(payload)
        except Refused:
            done.flood_refused += 1

    while True:
        with contextlib.suppress(*MQTT_ERRORS):
            async with connect(broker, site, tls) as link:
                done.flood_connections += 1
                while True:
                    await asyncio.gather(*(one(seq + more) for more in range(IN_FLIGHT)))
                    seq += IN_FLIGHT
        await asyncio.sleep(RETRY_S)


async def idle(number: int, port: int, tls: ssl.SSLContext, done: Done) -> None:
    """One connection at a time, from the `number`-th place, until cancelled."""
    address = f"127.0.1.{1 + number // IDLE_OF_ONE_ADDRESS % 250}"
    encrypted = tls if number % 2 else None
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(
                HOST, port, local_addr=(address, 0), ssl=encrypted
            )
            done.idle_opened += 1
            done.idle_open += 1
            done.idle_most = max(done.idle_most, done.idle_open)
            try:
                await reader.read()
            finally:
                done.idle_open -= 1
                writer.close()
        await asyncio.sleep(RETRY_S)


async def log_ins(port: int, per_s: float, tls: ssl.SSLContext, done: Done) -> None:
    """So many a second, whether the last are answered or not, until cancelled."""
    began, number = time.monotonic(), 0
    async with asyncio.TaskGroup() as tries:
        while True:
            tries.create_task(_log_in(port, number, tls, done))
            number += 1
            await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))


async def _log_in(port: int, number: int, tls: ssl.SSLContext, done: Done) -> None:
    address = f"127.0.2.{1 + number % LOGIN_ADDRESSES}"
    name = "admin" if number % 2 else f"nobody{number}"
    transport = httpx.AsyncHTTPTransport(verify=tls, local_address=address)
    try:
        async with httpx.AsyncClient(transport=transport, timeout=LOGIN_TIMEOUT_S) as http:
            form = {"name": name, "password": f"wrong {number}"}
            answer = await http.post(f"https://{HOST}:{port}/login", data=form)
            result = str(answer.status_code)
    except httpx.HTTPError as error:
        result = type(error).__name__
    done.logins[result] = done.logins.get(result, 0) + 1


async def attack(chosen: argparse.Namespace) -> Done:
    """Until the signal TERM."""
    raise_handle_limit()
    over, done = asyncio.Event(), Done()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    tls = ssl.create_default_context(cafile=str(chosen.ca))
    broker = BrokerAddress(HOST, chosen.broker_port)
    parts = [flood(broker, chosen.site, client_tls(chosen.ca, chosen.identity), done)]
    parts += [idle(number, chosen.port, tls, done) for number in range(chosen.idle)]
    if chosen.logins > 0:
        parts.append(log_ins(chosen.port, chosen.logins, tls, done))
    running = [asyncio.create_task(part, name="attacker") for part in parts]
    await over.wait()
    open_at_the_end = done.idle_open
    await cancel_and_wait(*running)
    done.idle_open = open_at_the_end
    return done


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="attackers")
    parser.add_argument("--port", type=int, required=True, help="of the console")
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--ca", type=Path, required=True, help="whom console and broker are of")
    parser.add_argument("--site", required=True, help="which floods")
    parser.add_argument("--identity", type=Path, required=True, help="its key and certificate")
    parser.add_argument("--idle", type=int, default=1100, help="connections")
    parser.add_argument("--logins", type=float, default=30.0, help="a second")
    print(json.dumps(asdict(asyncio.run(attack(parser.parse_args())))))  # noqa: T201


if __name__ == "__main__":
    main()
