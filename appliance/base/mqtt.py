"""An MQTT 5 client over TLS, for both ends of the line: a site's health program and the province.

The one module that knows aiomqtt and paho, and some of their private names. A subclass adds what
aiomqtt leaves out: the reason code of each PUBACK (MQTT 5, 3.4.2.1), for a publication that the
broker's access list refuses is no success; acknowledgement by the caller (4.4); the end of a
connection before its CONNACK, which with TLS 1.3 is how a broker refuses a certificate; and a
connection that is given up leaves no socket behind.

The health program and the province import it, and the endpoint never: its start would pay for a
library that it does not need.
"""

import asyncio
import contextlib
import logging
import os
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from paho.mqtt.client import MQTT_ERR_SUCCESS, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.base.tasks import raise_if_cancelled
from appliance.wire.fields import MAX_PAYLOAD_BYTES
from appliance.wire.host import url_problem

log = logging.getLogger("diemcau.mqtt")

DEFAULT_PORT = 8883
KEEPALIVE_S = 30
"""The broker misses a client after one and a half of this (MQTT 5, 3.1.2.10)."""
WILL_DELAY_S = 10
"""A line that is back within this was never away; with the above, silence is known in 55 s."""
SESSION_EXPIRY_S = 3600
"""How long the broker keeps what is meant for a client that is away."""
RECEIVE_MAXIMUM = 100
"""Messages that may lie here without an acknowledgement; the broker sends no more (3.1.2.11.3)."""
MAX_PACKET_BYTES = MAX_PAYLOAD_BYTES + 4096
"""With its topic and properties."""
MAX_UNACKNOWLEDGED_PUBLICATIONS = 1000
"""Publications that paho holds until their PUBACK; another fails."""
CONNECT_TIMEOUT_S = 30.0
"""For names, TCP, TLS and CONNACK together. Connections are made in a few threads, which wait for
one another where a load test opens many."""
RESPONSE_TIMEOUT_S = 10.0
"""For each acknowledgement by the broker."""
MAX_READ_IN_A_ROW = 50
"""Packets of one turn of the event loop. aiomqtt reads one, and so a program whose turns are long,
because a thousand strangers connect to its pages, took in twenty packets a second."""
AT_LEAST_ONCE = 1

MQTT_ERRORS = (aiomqtt.MqttError, OSError)
"""What a connection may end by, `TimeoutError` among them; all of it means: connect again."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker listens."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """Read ``mqtts://host[:port]``; raises ValueError. There is no form without TLS."""
        scheme, _, rest = url.partition("://")
        host, _, port = (
            rest.rpartition(":") if rest.rpartition(":")[2].isdigit() else (rest, "", "")
        )
        problem = url_problem(url, ("mqtts",))
        if scheme != "mqtts" or not host or "/" in host or problem is not None:
            raise ValueError(
                f"{url!r} is no broker; one looks like mqtts://mqtt.gialai.example:8883"
            )
        return cls(host.strip("[]"), int(port or DEFAULT_PORT))


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when this client is gone without a DISCONNECT."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A publication that came in. Two are equal whose contents are."""

    topic: str
    payload: bytes
    retained: bool
    packet_id: int = field(default=0, compare=False)
    qos: int = field(default=0, compare=False)


class Refused(aiomqtt.MqttError):
    """The broker took a request and did not act on it: the access list forbids the topic."""


class Connection:
    """One connection that stands. Its methods raise one of `MQTT_ERRORS` when it stands no more."""

    def __init__(self, client: "_Client") -> None:
        self._client = client
        self._buried: list[int] = []

    async def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Hand over one message and wait for its PUBACK; raises `Refused` where it says no."""
        code = await self._client.publish_acknowledged(topic, payload, retain=retain)
        if code.is_failure:
            raise Refused(f"the broker refuses {topic}: {code}")

    async def subscribe(self, *topics: str) -> None:
        """Receive these from now on, what is retained first; raises `Refused`."""
        for topic in topics:
            codes = await self._client.subscribe(topic, qos=AT_LEAST_ONCE)
            raise_if_cancelled()
            if any(getattr(code, "is_failure", False) for code in codes):
                raise Refused(f"the broker refuses a subscription to {topic}")

    async def messages(self) -> AsyncIterator[Message]:
        """What comes in, each acknowledged when it is handed over: one that its reader cannot take
        is not repeated for ever."""
        async for one in self._client.messages:
            message = _message(one)
            self.acknowledge([message])
            yield message

    async def batches(self, limit: int) -> AsyncIterator[list[Message]]:
        """What comes in, all that is there at once but no more than `limit`. The caller
        acknowledges: the broker repeats whatever it has not by the next connection."""
        async for one in self._client.messages:
            yield [_message(one), *self.waiting(limit - 1)]

    def waiting(self, limit: int) -> list[Message]:
        """At most `limit` of what has come in meanwhile; for the caller to acknowledge."""
        return [_message(one) for one in self._client.take_waiting(limit)]

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Let the broker forget these."""
        for message in messages:
            self._client.acknowledge(message)

    def drop_silently(self) -> None:
        """For simulations: from now on nothing leaves and nothing comes, without a DISCONNECT, as
        when the power fails or a mast falls. The broker finds out by its keep-alive."""
        misc_task, sock = self._client._misc_task, self._client._client.socket()
        if misc_task is not None:
            misc_task.cancel()
        if not isinstance(sock, socket.socket):
            return
        loop, number = asyncio.get_running_loop(), sock.fileno()
        loop.remove_reader(number)
        loop.remove_writer(number)
        # What the library still writes goes into a pair of our own; the connection stays open under
        # another number, so that no FIN tells the broker what it has to find out.
        near, far = socket.socketpair()
        self._buried += [os.dup(number), far.detach()]
        os.dup2(near.fileno(), number)
        near.close()


@asynccontextmanager
async def connect(
    broker: BrokerAddress,
    client_id: str,
    tls: ssl.SSLContext,
    will: Will | None = None,
    *,
    will_delay_s: int = WILL_DELAY_S,
    keepalive_s: int = KEEPALIVE_S,
    session_expiry_s: int = SESSION_EXPIRY_S,
    receive_maximum: int = RECEIVE_MAXIMUM,
    response_timeout_s: float = RESPONSE_TIMEOUT_S,
) -> AsyncIterator[Connection]:
    """A connection for as long as the context lasts, with the session of the last one.

    Raises one of `MQTT_ERRORS` where there is none.
    """
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    session.SessionExpiryInterval = session_expiry_s
    session.ReceiveMaximum = receive_maximum
    session.MaximumPacketSize = MAX_PACKET_BYTES
    client = _Client(
        broker.host,
        broker.port,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=tls,
        keepalive=keepalive_s,
        timeout=response_timeout_s,
        clean_start=False,
        properties=session,
        will=None if will is None else _will(will, will_delay_s),
        # After a subscription mosquitto 2.0 sends all that is retained, beyond the receive maximum.
        # What aiomqtt's queue then discarded, nobody acknowledged: lost until the next connection.
        max_queued_incoming_messages=0,
        max_waiting_at_qos_0=receive_maximum,
        max_queued_outgoing_messages=MAX_UNACKNOWLEDGED_PUBLICATIONS,
    )
    async with AsyncExitStack() as stack:
        stack.callback(client.abandon)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await stack.enter_async_context(client)
        except TimeoutError:
            raise aiomqtt.MqttError(f"no connection within {CONNECT_TIMEOUT_S:g} s") from None
        raise_if_cancelled()
        yield Connection(client)


class _Client(aiomqtt.Client):
    """What aiomqtt lacks; see the module's docstring. Acknowledges only what its caller names."""

    def __init__(self, *args: Any, max_waiting_at_qos_0: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._max_waiting_at_qos_0 = max_waiting_at_qos_0  # which counts in no receive maximum
        self._client.manual_ack_set(True)
        self._pubacks: dict[int, asyncio.Future[ReasonCode]] = {}
        self._abandoned = False
        self._dropped = 0

    async def publish_acknowledged(self, topic: str, payload: bytes, *, retain: bool) -> ReasonCode:
        """Publish and wait for the PUBACK; its reason code."""
        info = self._client.publish(topic, payload, AT_LEAST_ONCE, retain)
        if info.rc != MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(info.rc, "not published")
        puback: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._pubacks[info.mid] = puback
        ends: set[asyncio.Future[Any]] = {puback, self._disconnected}
        try:
            await asyncio.wait(ends, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._pubacks[info.mid]
        if puback.done():
            return puback.result()
        if self._disconnected.done():
            raise aiomqtt.MqttError("disconnected") from self._disconnected.exception()
        raise aiomqtt.MqttError(f"no PUBACK within {self.timeout:g} s")

    def take_waiting(self, limit: int) -> list[aiomqtt.Message]:
        """What lies in the queue, without waiting."""
        found: list[aiomqtt.Message] = []
        while len(found) < limit and not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found

    def acknowledge(self, message: Message) -> None:
        """Send the PUBACK."""
        self._client.ack(message.packet_id, message.qos)

    def abandon(self) -> None:
        """Close the socket if it is open, or as soon as it is: a thread may still be connecting."""
        self._abandoned = True
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # retrieved, or asyncio logs it as lost
        self._shut_down()

    def _shut_down(self) -> None:
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _client_connect(self) -> None:
        super()._client_connect()
        if self._abandoned:
            self._shut_down()

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        super()._on_socket_open(client, userdata, sock)
        # In this order: aiomqtt's own reader, which is replaced, is added by the loop, too.
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock.fileno(), self._read_all)

    def _read_all(self) -> None:
        try:
            for _ in range(MAX_READ_IN_A_ROW):
                self._client.loop_read()
                sock = self._client.socket()
                if not isinstance(sock, socket.socket) or not _readable(sock):
                    break
        except Exception as error:
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

    def _on_message(self, client: Any, userdata: Any, message: MQTTMessage) -> None:
        if message.qos == 0 and self._queue.qsize() >= self._max_waiting_at_qos_0:
            if not self._dropped:
                log.warning("more messages at QoS 0 than can be taken: some are dropped")
            self._dropped += 1
            return
        super()._on_message(client, userdata, message)

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        puback = self._pubacks.get(mid)
        if puback is not None and not puback.done():
            puback.set_result(reason_code)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(
        self,
        client: Any,
        userdata: Any,
        flags: Any,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if self._abandoned:  # nobody awaits either future
            return
        if not self._connected.done():
            self._connected.set_exception(
                aiomqtt.MqttError(
                    f"closed before it was accepted: {reason_code}; is the certificate good?"
                )
            )
        super()._on_disconnect(client, userdata, flags, reason_code, properties)


def _readable(sock: socket.socket) -> bool:
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    look = select.poll()
    look.register(sock, select.POLLIN)
    return bool(look.poll(0))


def _message(message: aiomqtt.Message) -> Message:
    payload = message.payload
    return Message(
        str(message.topic),
        payload if isinstance(payload, bytes) else b"",
        bool(message.retain),
        message.mid,
        message.qos,
    )


def _will(will: Will, delay_s: int) -> aiomqtt.Will:
    delay = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    delay.WillDelayInterval = delay_s
    return aiomqtt.Will(will.topic, will.payload, AT_LEAST_ONCE, retain=True, properties=delay)
