"""The TV for the endpoint: every CEC adapter of the box, each with its own `TvPower`.

A driver is asked in a thread, with a deadline: one that hangs costs the TV's control and not a
meeting. An adapter that fails is opened anew; one that comes later is found.
"""

import asyncio
import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from hardware.display.cec_device import CecDevice, Finished
from hardware.display.messages import Message, Opcode, dotted
from hardware.display.sockets import Socket, best_of, connector_of, in_use
from hardware.display.tv_power import TvPower
from hardware.display.tv_state import DisplayProblem, Link, Outcome, Request, TvState, Wish
from hardware.vitals.tv import Tv, tvs

log = logging.getLogger("diemcau.tv")

OSD_NAME = "Diem Cau"
"""What the TV's list of inputs calls this box: fourteen letters of ASCII (CEC 13.11)."""
LOOK_INTERVAL_S, IDLE_LOOK_INTERVAL_S = 0.5, 5.0
"""Between two looks at the addresses, while the TV is being woken and else. Messages are read as
they come: a question of the TV's must be answered within a second."""
MIN_WAIT_S = 0.01
FIND_INTERVAL_S = 10.0
"""Between two looks for adapters, and for the connectors' state."""
DRIVER_TIMEOUT_S = 5.0
"""For any one call of the driver."""
GONE = (errno.ENONET, errno.EBUSY, errno.EPERM)
"""Why a message cannot be sent just now (kernel: ``cec-ioc-receive.rst``)."""

Result = TypeVar("Result")


class Adapter(Protocol):
    """What `CecDevice` is to this file; there each method says what it does."""

    def claim(self, name: str) -> None:
        """Be a playback device of that name."""

    def physical_address(self) -> int:
        """Where the TV says that this box is plugged in."""

    def logical_address(self) -> int | None:
        """Ours, once it is claimed."""

    def connector(self) -> tuple[int, int] | None:
        """The numbers of its card and connector."""

    def send(self, request: Request) -> int:
        """Hand a message over; its number."""

    def fileno(self) -> int:
        """Readable once something has come."""

    def read(self) -> list[Message | Finished]:
        """All that has come since."""

    def close(self) -> None:
        """Let go of it."""


class _Wire:
    """One adapter that is open, and its machine."""

    def __init__(self, name: str, adapter: Adapter, connector: tuple[int, int] | None) -> None:
        self.name = name
        self.adapter = adapter
        self.connector = connector
        self.power = TvPower()
        self.socket = Socket(Link())
        self.sent: int | None = None
        """The number of the message whose end is waited for."""


class TvControl:
    """Wakes the TV and puts it to sleep, as `want` says; tells what it knows of it.

    `changed` is set each time that `state` or `problem` is another.
    """

    def __init__(
        self,
        root: Path,
        changed: asyncio.Event,
        open_adapter: Callable[[Path], Adapter] = CecDevice,
        *,
        enabled: bool = True,
    ) -> None:
        """`root` is ``/``, in tests a folder: its ``dev`` has the adapters; without `enabled` this
        box has none."""
        self._root = root
        self._changed = changed
        self._open = open_adapter
        self._enabled = enabled
        self._wires: dict[str, _Wire] = {}
        self._broken: dict[str, str] = {}
        self._wish = Wish()
        self._connectors: Sequence[Tv] = ()
        self._thread: ThreadPoolExecutor | None = None
        """Its own: a driver that hangs would fill the one that feeds and files are read in."""
        self._heard = asyncio.Event()
        self.state = TvState.NO_ADAPTER
        self.problem: DisplayProblem | None = None

    def want(self, wish: Wish) -> None:
        """What is wished from now on; the same wish twice changes nothing."""
        if wish != self._wish:
            self._wish = wish
            self._heard.set()

    async def run(self) -> None:
        """Ask and tell until cancelled; then let go of the adapters."""
        loop, find_at = asyncio.get_running_loop(), float("-inf")
        self._thread = ThreadPoolExecutor(1, "cec")
        try:
            while True:
                if loop.time() >= find_at:
                    await self._find()
                    find_at = loop.time() + FIND_INTERVAL_S
                for wire in list(self._wires.values()):
                    await self._turn(wire, loop.time())
                self._tell()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._wait(loop.time())):
                        await self._heard.wait()
                self._heard.clear()
        finally:
            for wire in list(self._wires.values()):
                self._drop(wire)
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _wait(self, now: float) -> float:
        """Seconds until somebody must be looked at or told, if nothing is heard before."""
        powers = [one.power for one in self._wires.values()]
        looks = [LOOK_INTERVAL_S if one.attempting else IDLE_LOOK_INTERVAL_S for one in powers]
        dues = [max(one.wake_at - now, MIN_WAIT_S) for one in powers]
        return min([FIND_INTERVAL_S, *looks, *dues])

    def _drop(self, wire: _Wire) -> None:
        """Let go of an adapter."""
        del self._wires[wire.name]
        with suppress(OSError, ValueError):
            asyncio.get_running_loop().remove_reader(wire.adapter.fileno())
        with suppress(OSError):
            wire.adapter.close()

    async def _find(self) -> None:
        """Open what is there and is not open, and read what the connectors say."""
        self._connectors = await asyncio.to_thread(tvs, self._root)
        folder = self._root / "dev"
        paths = await asyncio.to_thread(_adapters, folder) if self._enabled else []
        for path in paths:
            if path.name in self._wires:
                continue
            try:
                adapter = await self._in_time(self._open, path)
                try:
                    await self._in_time(adapter.claim, OSD_NAME)
                    numbers = await self._in_time(adapter.connector)
                except BaseException:
                    adapter.close()
                    raise
            except OSError as error:
                self._fail(path.name, error)
                continue
            self._broken.pop(path.name, None)
            self._wires[path.name] = _Wire(path.name, adapter, numbers)
            asyncio.get_running_loop().add_reader(adapter.fileno(), self._heard.set)
            log.info("CEC adapter %s is open", path.name)
        there = {path.name for path in paths}
        self._broken = {name: why for name, why in self._broken.items() if name in there}

    async def _turn(self, wire: _Wire, now: float) -> None:
        try:
            place, ours, received = await self._in_time(_poll, wire.adapter)
            self._see(wire, place, ours, now)
            for one in received:
                await self._take(wire, one, now)
            wire.power.want(self._wish if wire.name in self._in_use() else Wish(), now)
            request = wire.power.next(now)
            if request is not None:
                await self._send(wire, request, now)
        except OSError as error:
            self._drop(wire)
            self._fail(wire.name, error)

    def _see(self, wire: _Wire, place: int, ours: int | None, now: float) -> None:
        connector = connector_of(wire.name, wire.connector, self._connectors)
        link = Link(place, ours, None if connector is None else connector.connected)
        if place != wire.socket.link.physical_address:
            log.info("TV at %s: physical address %s", wire.name, dotted(place))
        wire.socket = Socket(link, None if connector is None else connector.shows)
        wire.power.see(link, now)

    async def _take(self, wire: _Wire, one: Message | Finished, now: float) -> None:
        if isinstance(one, Message):
            answer = wire.power.hear(one, now)
            if answer is not None:
                await self._hand_over(wire, Request(answer))
        elif one.number == wire.sent:
            wire.sent = None
            log.debug("TV at %s: %s", wire.name, one.outcome)
            wire.power.done(one.outcome, one.reply, now)

    async def _send(self, wire: _Wire, request: Request, now: float) -> None:
        asks = request.message.opcode == Opcode.GIVE_DEVICE_POWER_STATUS
        log.log(logging.DEBUG if asks else logging.INFO, "TV at %s: %s", wire.name, request.message)
        wire.sent = await self._hand_over(wire, request)
        if wire.sent is None:
            wire.power.done(Outcome.NOT_SENT, None, now)

    async def _hand_over(self, wire: _Wire, request: Request) -> int | None:
        """Its number; None where it cannot be sent just now."""
        try:
            return await self._in_time(wire.adapter.send, request)
        except OSError as error:
            if error.errno not in GONE:
                raise
            log.info("TV at %s: %s not sent: %s", wire.name, request.message, error.strerror)
            return None

    async def _in_time(self, call: Callable[..., Result], *words: object) -> Result:
        """What the driver answers. Raises `OSError`; `TimeoutError` where it says nothing."""
        async with asyncio.timeout(DRIVER_TIMEOUT_S):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, call, *words)

    def _in_use(self) -> frozenset[str]:
        sockets: Mapping[str, Socket] = {one.name: one.socket for one in self._wires.values()}
        return in_use(sockets)

    def _fail(self, name: str, error: OSError) -> None:
        why = str(error) or type(error).__name__
        if self._broken.get(name) != why:
            log.error("CEC adapter %s does not work: %s", name, why)
        self._broken[name] = why

    def _tell(self) -> None:
        used = self._in_use()
        powers = [one.power for one in self._wires.values() if one.name in used]
        states = [one.state for one in powers]
        state = best_of(states or [TvState.ERROR] * bool(self._broken))
        found = [one.problem for one in powers]
        problem = None if None in found else next(iter(found), None)
        if (state, problem) != (self.state, self.problem):
            log.info("TV: %s → %s%s", self.state, state, f" ({problem})" if problem else "")
            self.state, self.problem = state, problem
            self._changed.set()


def _adapters(folder: Path) -> list[Path]:
    return sorted(folder.glob("cec[0-9]*"))


def _poll(adapter: Adapter) -> tuple[int, int | None, list[Message | Finished]]:
    """Both addresses and what has come, in one go of the thread."""
    return adapter.physical_address(), adapter.logical_address(), adapter.read()
