"""The Janus protocol without I/O: requests as values out, messages in, events out.

https://janus.conf.meetecho.com/docs/rest.html and the plug-in's page; every request carries a
transaction, is answered by "success", "error" or "ack", and an "ack" by an event later.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLUGIN = "janus.plugin.videoroom"
INVALID_ELEMENT = 430  # janus_videoroom.c: a request's element has another type
KEEPALIVE_INTERVAL_S = 25.0  # Janus drops a session after 60 s of silence

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a request of ours; ``sdp`` is the offer or answer in it, "" without one."""

    transaction: str
    data: Json
    sdp: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was answered with an error: Janus's code (apierror.h) or the plug-in's."""

    transaction: str
    code: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Notified:
    """An event of the room that answers no request."""

    handle: int
    data: Json
    sdp: str = ""


@dataclass(frozen=True, slots=True)
class MediaUp:
    """The server has a media path for this handle."""

    handle: int


@dataclass(frozen=True, slots=True)
class HungUp:
    """The server has no media path for this handle any more."""

    handle: int
    why: str


@dataclass(frozen=True, slots=True)
class SlowLink:
    """The server saw ``lost`` packets lost in the last second or so."""

    handle: int
    uplink: bool
    media: str
    lost: int


@dataclass(frozen=True, slots=True)
class Over:
    """The session is gone at the server."""

    why: str


Event = Answered | Refused | Notified | MediaUp | HungUp | SlowLink | Over


@dataclass(slots=True)
class JanusSession:
    """One session at the server; ``number`` is 0 until the server gave one."""

    number: int = 0
    _transactions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _open: set[str] = field(default_factory=set)  # transactions that are not answered yet
    _sent_at: float = 0.0

    def create(self, now: float) -> Json:
        """Begin a session."""
        return self._request({"janus": "create"}, now)

    def claim(self, now: float) -> Json:
        """Take the session over on a new socket."""
        return self._request({"janus": "claim", "session_id": self.number}, now)

    def attach(self, now: float) -> Json:
        """Ask for a handle: one for what we send, one for what we receive."""
        return self._request({"janus": "attach", "plugin": PLUGIN, **self._mine()}, now)

    def info(self, now: float) -> Json:
        """Ask what server this is."""
        return self._request({"janus": "info"}, now)

    def message(self, handle: int, body: Mapping[str, Any], now: float, jsep: Json | None) -> Json:
        """Ask the room for something, with an offer or an answer if need be."""
        request: Json = {"janus": "message", **self._mine(), "handle_id": handle}
        request["body"] = dict(body)
        if jsep is not None:
            request["jsep"] = jsep
        return self._request(request, now)

    def candidates_complete(self, handle: int, now: float) -> Json:
        """Say that the description held all our candidates (RFC 8838 section 14)."""
        end = {"candidate": {"completed": True}, "handle_id": handle}
        return self._request({"janus": "trickle", **self._mine(), **end}, now)

    def destroy(self, now: float) -> Json:
        """End the session with all its handles."""
        return self._request({"janus": "destroy", **self._mine()}, now)

    def keepalive(self, now: float) -> Json:
        """Keep the session: the server drops one that is silent."""
        return self._request({"janus": "keepalive", **self._mine()}, now)

    def keepalive_at(self) -> float:
        """The second at which the next keepalive is due."""
        return self._sent_at + KEEPALIVE_INTERVAL_S

    def receive(self, message: Json) -> list[Event]:
        """Take one message of the server; an unknown one gives no event."""
        kind = message.get("janus")
        transaction = str(message.get("transaction", ""))
        handle = _number(message.get("sender"))
        jsep = message.get("jsep")
        sdp = jsep.get("sdp") if isinstance(jsep, dict) else ""
        sdp = sdp if isinstance(sdp, str) else ""
        if kind == "error":
            error = message.get("error")
            facts = error if isinstance(error, dict) else {}
            self._open.discard(transaction)
            code, sentence = _number(facts.get("code")), str(facts.get("reason", "no reason given"))
            return [Refused(transaction, code, sentence)]
        if kind == "success":
            self._open.discard(transaction)
            data = message.get("data") or _data(message)
            return self._answered(transaction, data if isinstance(data, dict) else {}, sdp)
        if kind == "server_info":
            self._open.discard(transaction)
            return [Answered(transaction, message)]
        if kind == "event":
            if transaction in self._open:
                self._open.discard(transaction)
                return self._answered(transaction, _data(message), sdp)
            return [Notified(handle, _data(message), sdp)]
        return self._notice(kind, handle, message)

    def _notice(self, kind: object, handle: int, message: Json) -> list[Event]:
        if kind == "webrtcup":
            return [MediaUp(handle)]
        if kind == "hangup":
            return [HungUp(handle, str(message.get("reason", "")))]
        if kind == "slowlink":
            media = str(message.get("media", ""))
            uplink = message.get("uplink") is True
            return [SlowLink(handle, uplink, media, _number(message.get("lost")))]
        if kind == "timeout":
            return [Over("the server has not heard from us for a minute")]
        return []

    def _answered(self, transaction: str, data: Json, sdp: str) -> list[Event]:
        if "error_code" in data:
            sentence = str(data.get("error", "no reason given"))
            return [Refused(transaction, _number(data["error_code"]), sentence)]
        return [Answered(transaction, data, sdp)]

    def _mine(self) -> Json:
        return {"session_id": self.number}

    def _request(self, request: Json, now: float) -> Json:
        transaction = f"t{next(self._transactions)}"
        if request["janus"] not in ("keepalive", "trickle"):
            self._open.add(transaction)
        self._sent_at = now
        return {**request, "transaction": transaction}


def _data(message: Json) -> Json:
    plugin = message.get("plugindata")
    data = plugin.get("data") if isinstance(plugin, dict) else None
    return data if isinstance(data, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
