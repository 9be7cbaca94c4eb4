"""The connection to the province's broker: MQTT 5 over TLS, a will, and what the broker answers.

The one place of this program that knows the library, and two of aiomqtt's private names. A
subclass hears what aiomqtt drops: the reason codes of PUBACK (MQTT 5, 3.4.2.1), for a publication
that the broker's access list refuses is no success; and the end of a connection before its CONNACK,
which with TLS 1.3 is how a broker refuses a certificate.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.base.tasks import heed_cancellation
from appliance.wire.fields import LONGEST_PAYLOAD

log = logging.getLogger("diemcau.health.mqtt")

KEEPALIVE_S = 30
"""The broker misses a site after 45 s (MQTT 5, 3.1.2.10)."""
WILL_DELAY_S = 10
"""A line that is back within this was never away; with the above, silence is known in 55 s."""
SESSION_S = 3600
"""The broker keeps what was desired of a site that is away for so long; older is retained."""
ANSWER_S = 10.0
"""For a connection's whole set-up, and for each acknowledgement."""
AT_LEAST_ONCE = 1

Lost = (aiomqtt.MqttError, OSError, TimeoutError)
"""What a line may die of; all of it means: connect again."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int = 8883

    @classmethod
    def parse(cls, url: str) -> "Broker":
        """Read ``mqtts://host[:port]``; raises ValueError. There is no form without TLS."""
        scheme, _, place = url.partition("://")
        host, _, port = (
            place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "")
        )
        if scheme != "mqtts" or not host or "/" in host:
            raise ValueError(
                f"{url!r} is no broker; one looks like mqtts://mqtt.gialai.example:8883"
            )
        return cls(host.strip("[]"), int(port or 8883))


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says of us when we are gone without a word; retained."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What came in."""

    topic: str
    payload: bytes
    retained: bool


class Refused(aiomqtt.MqttError):
    """The broker took a publication and did not pass it on: the access list forbids the topic."""


class _Client(aiomqtt.Client):
    """Keeps the reason codes of failed publications by their message identifiers."""

    def __init__(self, *words: Any, **names: Any) -> None:
        super().__init__(*words, **names)
        self.refused = 0

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        if reason_code.is_failure:
            self.refused += 1
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(
        self,
        client: Any,
        userdata: Any,
        flags: Any,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if not self._connected.done():
            self._connected.set_exception(
                aiomqtt.MqttError(
                    f"closed before it was accepted: {reason_code}; is the certificate good?"
                )
            )
        super()._on_disconnect(client, userdata, flags, reason_code, properties)


class Link:
    """One connection that stands."""

    def __init__(self, client: _Client) -> None:
        self._client = client
        self._buried: list[int] = []

    async def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Hand over one message and wait until the broker has it; raises `Lost` or `Refused`."""
        refused = self._client.refused
        await self._client.publish(topic, payload, qos=AT_LEAST_ONCE, retain=retain)
        heed_cancellation()
        if self._client.refused > refused:
            raise Refused(f"the broker refuses {topic}")

    async def subscribe(self, *topics: str) -> None:
        """Hear these from now on, what is retained first."""
        for topic in topics:
            codes = await self._client.subscribe(topic, qos=AT_LEAST_ONCE)
            heed_cancellation()
            if any(getattr(code, "is_failure", False) for code in codes):
                raise Refused(f"the broker refuses a subscription to {topic}")

    def vanish(self) -> None:
        """For a bench: from now on nothing leaves and nothing comes, and nobody is told, as when
        the power fails or a mast falls. The broker finds out by its keep-alive."""
        tending, wire = self._client._misc_task, self._client._client.socket()
        if tending is not None:
            tending.cancel()
        if not isinstance(wire, socket.socket):
            return
        loop, number = asyncio.get_running_loop(), wire.fileno()
        loop.remove_reader(number)
        loop.remove_writer(number)
        # What the library still writes goes into a pair of our own; the connection stays open under
        # another number, so that no FIN tells the broker what it has to find out.
        near, far = socket.socketpair()
        self._buried += [os.dup(number), far.detach()]
        os.dup2(near.fileno(), number)
        near.close()

    async def messages(self) -> AsyncIterator[Message]:
        """What comes in, until the line is lost."""
        async for message in self._client.messages:
            payload = message.payload
            yield Message(
                str(message.topic),
                payload if isinstance(payload, bytes) else b"",
                bool(message.retain),
            )


@asynccontextmanager
async def connected(
    broker: Broker,
    identifier: str,
    tls: ssl.SSLContext,
    will: Will | None,
    *,
    will_delay_s: int = WILL_DELAY_S,
    keepalive_s: int = KEEPALIVE_S,
) -> AsyncIterator[Link]:
    """A connection for as long as the context lasts; raises `Lost` where there is none."""
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    session.SessionExpiryInterval = SESSION_S
    session.MaximumPacketSize = LONGEST_PAYLOAD + 1024
    client = _Client(
        broker.host,
        broker.port,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls,
        keepalive=keepalive_s,
        timeout=ANSWER_S,
        clean_start=False,
        properties=session,
        will=None if will is None else _will(will, will_delay_s),
        max_queued_incoming_messages=100,
    )
    async with client:
        heed_cancellation()
        yield Link(client)


def _will(will: Will, delay_s: int) -> aiomqtt.Will:
    delay = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    delay.WillDelayInterval = delay_s
    return aiomqtt.Will(will.topic, will.payload, AT_LEAST_ONCE, retain=True, properties=delay)
