"""A site whose row no topic can name: notices and what is desired reach all the others.

An id with a wildcard of MQTT is in no form and in no import of today; a table may have one.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from appliance.base.mqtt import MQTT_ERRORS, Connection, Message, Refused
from appliance.base.tasks import cancel_and_wait
from appliance.wire.desired import Desired
from appliance.wire.topics import Kind, Topic
from services.province.fleet.agenda_notifier import AgendaNotifier
from services.province.fleet.desired_publisher import DesiredPublisher
from services.province.floor.room_monitor import RoomMonitor
from services.province.passed_over import Part
from services.province.storage.tables import Meeting, Site
from tests.peers.mosquitto import BrokerFixture, broker_fixture, connected_as
from tests.process.waiting import until
from tests.province.in_process import House, draft

pytestmark = pytest.mark.case("K3")
ODD, GOOD = "ia+o", "ia-kly"
"""The odd one comes first wherever sites are sorted."""
SIP = "sip:724999@mcu.gialai.example;transport=tls"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[BrokerFixture]:
    made = broker_fixture(tmp_path / "broker")
    async with made.running():
        yield made


@pytest.fixture
def odd(house: House) -> House:
    """Two communes, one of them with such an id."""
    house.now = time.time()
    house.communes("ia-o", GOOD)
    with house.database.writing() as session:
        session.execute(update(Site).where(Site.id == "ia-o").values(id=ODD))
    return house


class Told:
    """What was passed over."""

    def __init__(self) -> None:
        self.all: list[tuple[Part, str]] = []

    def __call__(self, part: Part, subject: str, reason: str) -> None:
        assert reason
        self.all.append((part, subject))


async def first(link: Connection, kind: Kind) -> Message:
    """What comes to the good site on that topic."""
    await link.subscribe(str(Topic(GOOD, kind)))
    async with asyncio.timeout(30.0):
        return await anext(link.messages())


async def test_its_notices_cost_the_others_none(odd: House, broker: BrokerFixture) -> None:
    told, looked = Told(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def now() -> float:
        loop.call_soon_threadsafe(looked.set)
        return odd.now

    async with (
        connected_as(broker, "province", broker.province) as line,
        connected_as(broker, GOOD, broker.identity(GOOD)) as link,
    ):

        async def notify(site: str) -> None:
            await line.publish(str(Topic(site, Kind.NUDGE)), b"", retain=False)

        notifier = AgendaNotifier(odd.database, notify, tell=told, now=now)
        running = asyncio.create_task(notifier.run())
        nudge = asyncio.create_task(first(link, Kind.NUDGE))
        await looked.wait()
        looked.clear()
        await looked.wait()  # the second look begins: the first is over
        odd.meeting(draft({odd.place("Gia Lai")}))
        assert (await nudge).topic == str(Topic(GOOD, Kind.NUDGE))
        await until("it is told", lambda: bool(told.all))
        assert told.all == [(Part.NOTICES, ODD)]
        assert not running.done()
        await cancel_and_wait(running)


async def test_what_is_desired_of_it_costs_the_others_nothing(
    odd: House, broker: BrokerFixture
) -> None:
    told = Told()
    place = odd.place("Gia Lai")
    begin = float(int(odd.now) - 60)
    odd.meeting(draft({place}, begin=begin, address=SIP, title="Lành"))
    broken = odd.meeting(draft({place}, begin=begin, address=SIP, title="Hỏng"))
    with odd.database.writing() as session:
        session.execute(
            update(Meeting).where(Meeting.id == broken).values(address="sip:1@xn--:99999")
        )
    monitor = RoomMonitor(odd.database, tell=told)
    watching = asyncio.create_task(monitor.run())
    await until("the good meeting is watched", lambda: len(monitor.conferences) == 1)
    async with (
        connected_as(broker, "province", broker.province) as line,
        connected_as(broker, GOOD, broker.identity(GOOD)) as link,
    ):

        async def publish(site: str, desired: Desired) -> None:
            await line.publish(str(Topic(site, Kind.DESIRED)), desired.payload, retain=True)

        publisher = DesiredPublisher(odd.database, lambda: monitor.conferences, publish, tell=told)
        for _ in range(3):
            await publisher.publish_changes()
        assert Desired.parse((await first(link, Kind.DESIRED)).payload).floor == ""
    assert told.all == [(Part.DESIRED, ODD)], "once, and not at each round"
    assert not watching.done()
    await cancel_and_wait(watching)


@pytest.mark.parametrize(
    ("error", "waits"), [(Refused("no"), False), (MQTT_ERRORS[0]("away"), True)]
)
async def test_who_is_refused_costs_itself_and_a_broker_that_is_away_is_waited_for(
    house: House, error: Exception, waits: bool
) -> None:
    house.communes("ia-o", GOOD)
    told, tries = Told(), []

    async def notify(site: str) -> None:
        tries.append(site)
        if site == GOOD:
            raise error

    notifier = AgendaNotifier(house.database, notify, tell=told, now=lambda: house.now)
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(1.0)
    house.meeting(draft({house.place("Gia Lai")}))
    await until("both were tried", lambda: {GOOD, "ia-o"} <= set(tries))
    await asyncio.sleep(1.0)
    assert (tries.count(GOOD) > 1) is waits
    assert tries.count("ia-o") == 1
    assert told.all == ([] if waits else [(Part.NOTICES, GOOD)])
    await cancel_and_wait(running)
