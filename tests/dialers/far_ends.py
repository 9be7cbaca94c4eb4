"""The far ends of the one suite: how each is started, dialled, refused by, and killed."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av

from appliance.base.config import SipChoices
from appliance.dialers.api import Dialer, EndReason
from appliance.dialers.registry import Dialers
from tests.code_sound import write_beeps
from tests.dialers.sites import SPAN, site
from tests.media.local_tracks import HEIGHT, RATE, WIDTH, numbered
from tests.peers.janus import FULL_ROOM, PIN, PIN_ROOM, ROOM, janus
from tests.peers.room import room
from tests.peers.sip import asterisk_files as there
from tests.peers.sip import mcu as rmx
from tests.peers.sip.asterisk import asterisk
from tests.peers.sip.baresip import LASTS_S, baresip
from tests.peers.sip.mcu_call import QUEUE
from tests.peers.sip.mcu_process import mcu_process
from tests.process.ports import free_port

VIDEOROOMS = ("room", "janus")
CONFERENCES = (*VIDEOROOMS, "asterisk")
ALL = (*CONFERENCES, "baresip", "mcu")
BARESIP_CALLS = 2
"""One more than a test has, since a call that was just left may still count."""


@dataclass(frozen=True, slots=True)
class Door:
    """An address, and the dialer that goes there."""

    address: str
    dialer: Dialer = field(default_factory=Dialers)


@dataclass(frozen=True, slots=True)
class FarEnd:
    """One that runs. ``alone`` meets nobody but the far end itself, who then is site 2."""

    kind: str
    sound: str
    room: Door
    refused: tuple[tuple[Door, EndReason], ...]
    full: Door
    full_after: int  # calls that it takes at `full`
    kill: Callable[[], None]
    opened: Door | None = None
    port: int = 0

    @property
    def path(self) -> str:
        """Of a VideoRoom's socket."""
        return "/janus" if self.kind == "room" else ""

    @property
    def alone(self) -> bool:
        return self.kind not in CONFERENCES

    @asynccontextmanager
    async def company(self) -> AsyncIterator[None]:
        """Somebody else is there as well: site 2."""
        if self.alone:
            yield
            return
        other = await site(self.room.dialer, self.room.address, 2)
        try:
            yield
        finally:
            await other.leave()


def videoroom_address(port: int, kind: str, number: int = ROOM, more: str = "") -> str:
    """A room's address there."""
    path = "/janus" if kind == "room" else ""
    return f"janus+ws://127.0.0.1:{port}{path}?room={number}{more}"


def start(kind: str, folder: Path) -> AbstractContextManager[FarEnd]:
    """Start one; ``folder`` is empty and ours."""
    if kind == "asterisk":
        return _asterisk(folder)
    if kind == "mcu":
        return _mcu()
    return _baresip(folder) if kind == "baresip" else _videoroom(kind, folder)


@contextlib.contextmanager
def _videoroom(kind: str, folder: Path) -> Iterator[FarEnd]:
    port = free_port()

    def door(number: int, more: str = "") -> Door:
        return Door(videoroom_address(port, kind, number, more))

    with room(port) if kind == "room" else janus(folder, port) as process:
        yield FarEnd(
            kind,
            "opus",
            door(ROOM),
            (
                (door(777), EndReason.REFUSED),
                (door(PIN_ROOM), EndReason.UNAUTHORISED),
                (door(PIN_ROOM, "&pin=1"), EndReason.UNAUTHORISED),
            ),
            door(FULL_ROOM),
            1,
            process.kill,
            opened=door(PIN_ROOM, f"&pin={PIN}"),
            port=port,
        )


@contextlib.contextmanager
def _asterisk(folder: Path) -> Iterator[FarEnd]:
    def dialer(user: str, password: str) -> Dialer:
        file = folder / f"password of {user} {len(password)}"
        file.write_text(password)
        return Dialers(sip=SipChoices(user=user, password_file=str(file)))

    with asterisk(folder) as far:

        def door(number: int, user: str = there.OPEN, password: str = "") -> Door:
            address = f"sip:{number}@127.0.0.1:{far.ports.sip};transport=tcp"
            return Door(address, dialer(user, password))

        locked = "plain-sha256"
        yield FarEnd(
            "asterisk",
            "G722",
            door(there.ROOM),
            (
                (door(there.NOBODY), EndReason.REFUSED),
                (door(there.DECLINED), EndReason.FORBIDDEN),
                (door(there.ROOM, locked), EndReason.UNAUTHORISED),
                (door(there.ROOM, locked, "wrong"), EndReason.UNAUTHORISED),
            ),
            door(there.BUSY),
            0,
            far.stop,
            opened=door(there.ROOM, locked, there.PASSWORD),
        )


@contextlib.contextmanager
def _baresip(folder: Path) -> Iterator[FarEnd]:
    sound = write_beeps(folder / "sound.wav", 2 * 400.0, seconds=LASTS_S)
    picture = _write_numbered(folder / "picture.mp4", 2 * SPAN)
    (folder / "etc").mkdir()
    with baresip(folder / "etc", sound=sound, picture=picture, calls=BARESIP_CALLS) as far:
        door = Door(far.address("tcp"))
        yield FarEnd(
            "baresip",
            "G722",
            door,
            ((Door(door.address.replace("peer@", "nobody@")), EndReason.REFUSED),),
            door,
            BARESIP_CALLS,
            far.kill,
        )


@contextlib.contextmanager
def _mcu() -> Iterator[FarEnd]:
    """Through the entry queue of a scripted RMX, encrypted."""
    port = free_port()
    script = f"wait 0.2, {rmx.ENCRYPTED}#, wait 0.2, {rmx.PIN}#"
    through = Dialers(sip=SipChoices(entry_queue=script, encryption="required"))

    def door(number: str, dialer: Dialer) -> Door:
        return Door(f"sip:{number}@127.0.0.1:{port};transport=tcp", dialer)

    with mcu_process(port) as process:
        small = door(rmx.SMALL, Dialers())
        refused = ((door("4711", through), EndReason.REFUSED),)
        yield FarEnd("mcu", "G722", door(QUEUE, through), refused, small, 1, process.kill)


def _write_numbered(path: Path, first: int) -> Path:
    """A recording of the pictures that `numbered` draws."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.options = {"preset": "ultrafast"}
        for number in range(60):
            picture = numbered(first + number)
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
