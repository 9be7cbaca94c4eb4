"""Two ends of a wire without a socket: messages as bytes, a clock that is set, loss as wanted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sipmessage import URI, Address, Message, Parameters, Request, Response

from appliance.dialers.sip.signalling.message import Local, parse, request, serialise

UDP_NEAR, UDP_FAR = Local("UDP", "192.0.2.1", 5060), Local("UDP", "192.0.2.2", 5060)
TCP_NEAR, TCP_FAR = Local("TCP", "192.0.2.1", 5062), Local("TCP", "192.0.2.2", 5060)
ROOM = URI.parse("sip:1000@mcu.example.vn")
SITE = Address(URI.parse("sip:ia-kly@site.example.vn"), "Xã Ia Kly", Parameters(tag="near"))


def invite(cseq: int = 1, call_id: str = "call-1") -> Request:
    """An INVITE of ours without Via."""
    return request("INVITE", ROOM, SITE, Address(ROOM), call_id, cseq)


def other(method: str, cseq: int = 1) -> Request:
    """Any other request of ours without Via."""
    return request(method, ROOM, SITE, Address(ROOM), "call-1", cseq)


def names(messages: list[Message]) -> list[str]:
    """Methods and status codes, for comparing."""
    return [one.method if isinstance(one, Request) else str(one.code) for one in _known(messages)]


def again(message: Message) -> Request | Response:
    """The same message after its way over the wire."""
    return parse(serialise(message))


def _known(messages: list[Message]) -> list[Request | Response]:
    return [one for one in messages if isinstance(one, Request | Response)]


class End(Protocol):
    """What can be put at an end of the wire."""

    def outgoing(self) -> list[Message]: ...
    def next_timer(self) -> float | None: ...


@dataclass
class Wire:
    """``near`` and ``far`` joined; ``log`` holds what went over, as ``> INVITE`` and ``< 200``."""

    near: End
    far: End
    hear: Callable[[End, Request | Response, float], None]
    tick: Callable[[End, float], None]
    now: float = 0.0
    lose: Callable[[str], bool] = lambda line: False
    log: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Carry messages until none is left."""
        for _ in range(1000):
            moved = [self._carry(self.near, self.far, ">"), self._carry(self.far, self.near, "<")]
            if not any(moved):
                return
        raise AssertionError(f"two ends that never stop: {self.log[-6:]}")

    def run(self, until: float) -> None:
        """Let the time pass, timer by timer."""
        self.settle()
        for _ in range(100_000):
            due = [at for end in (self.near, self.far) if (at := end.next_timer()) is not None]
            if not due or min(due) > until:
                break
            self.now = max(self.now, min(due))
            self.tick(self.near, self.now)
            self.tick(self.far, self.now)
            self.settle()
        else:
            raise AssertionError("timers that never stop")
        self.now = until

    def _carry(self, source: End, target: End, arrow: str) -> bool:
        messages = source.outgoing()
        for message, name in zip(messages, names(messages), strict=True):
            line = f"{arrow} {name}"
            lost = self.lose(line)
            self.log.append(f"{line} lost" if lost else line)
            if not lost:
                self.hear(target, again(message), self.now)
        return bool(messages)
