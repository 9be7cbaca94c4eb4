"""The TV for its callers: takes pictures and sound with due times; VLC runs in a child process.

It loads neither NumPy nor PyAV: the child is to be started before they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.media.tv.audio_queue import FRAME_BYTES, MAX_QUEUED_S, RATE
from appliance.media.tv.output import Output
from appliance.media.tv.patience import Patience
from appliance.media.tv.ring import SLOTS, PictureNote, PictureRing, SoundNote
from appliance.media.tv.sound_watch import SoundWatch
from hardware.vitals.tv_sound import SoundPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_MUTE_TIMEOUT_S = 3.0
"""Without a sample played for so long there is no sound."""
_MAX_STATUS_BYTES = 4096
_STOP_TIMEOUT_S = 4.0
_RESTART_PAUSE_S = 1.0
"""Between two starts when the child ended before its first status (no display yet)."""
_MAX_PIECE_BYTES = 8192
"""Bytes of sound in one message: a socket pair queues few large ones."""


class TvProblem(StrEnum):
    """What is wrong with the TV."""

    NO_PICTURE = "no picture"
    NO_SOUND = "no sound"


class Television:
    """The TV, in a child process that owns libvlc, so that a crash of VLC never ends a call.

    `run()` starts the child, and again whenever it ends; the last picture shown is in
    shared memory and comes back at once. `show` and `play` never wait and never raise because of
    the child. Picture and sound leave `output.delay` seconds after their due times.
    """

    def __init__(
        self,
        size: tuple[int, int] = (1280, 720),
        output: Output | None = None,
        environment: Mapping[str, str] | None = None,
        sound: Callable[[], SoundPath] | None = None,
    ) -> None:
        """`size` (width, height) of the canvas; `environment` replaces the process's own.

        `sound` answers where the sound belongs now, for what `output` leaves open; it is asked at
        each start of the child and with each of its statuses.
        """
        self.size = size
        self.output = output or Output()
        self._sound_path = sound or SoundPath
        self.problem: TvProblem | None = TvProblem.NO_PICTURE
        self.detail = "not started"
        """What `problem` is, in a sentence."""
        self.starts = 0
        self.displayed = 0
        """Pictures that VLC says it put on the screen, over all children."""
        self.status: dict[str, Any] = {}
        """The child's last status, for logs and the benchmark."""
        self._environment = dict(os.environ if environment is None else environment)
        width, height = size
        self._ring = PictureRing(width, height)
        self._slots = [self._ring.slot(slot) for slot in range(SLOTS)]
        self._patience = Patience()
        self._number = 0
        self._slots[0][:] = b"\x10" * (width * height) + b"\x80" * (width * height // 2)
        self.started = asyncio.Event()
        """Set once the first child runs."""
        self._pictures: socket.socket | None = None
        self._sound: socket.socket | None = None
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._pid

    def show(self, picture: bytes | NDArray[np.uint8], due: float) -> None:
        """Show an I420 picture, due at that monotonic second.

        It is (height * 3 // 2, width) uint8 in one piece, or the bytes of that.

        At most `vlc_streams.MAX_WAITING` wait for their time; of late ones the newest are shown.
        Raises ValueError for another shape or type.
        """
        width, height = self.size
        number = self._number + 1
        target = self._slots[number % SLOTS]
        given = memoryview(picture)  # type: ignore[arg-type] # 3.11 does not know arrays as buffers
        shapes = ((height * 3 // 2, width), target.shape)
        if given.format != "B" or given.shape not in shapes or not given.c_contiguous:
            raise ValueError(
                f"picture {given.shape} of {given.format!r}:"
                f" this TV's is {shapes[0]} of 'B' in one piece"
            )
        target[:] = given.cast("B")
        self._number = number
        _send(self._pictures, PictureNote(number, number % SLOTS, due).pack())

    def play(self, pcm: bytes, due: float) -> None:
        """Play s16le stereo 48 kHz whose first sample is due at that monotonic second.

        Silence where nothing came; at most `audio_queue.MAX_QUEUED_S` seconds wait.
        """
        limit = round(MAX_QUEUED_S * RATE) * FRAME_BYTES
        for begin in range(max(0, len(pcm) - limit), len(pcm), _MAX_PIECE_BYTES):
            piece = SoundNote(
                due + begin / FRAME_BYTES / RATE, pcm[begin : begin + _MAX_PIECE_BYTES]
            )
            _send(self._sound, piece.pack())

    async def run(self) -> None:
        """Keep a child running until cancelled; then stop it in order."""
        try:
            while True:
                self.status = {}
                await self._live()
                if not self.status:
                    await asyncio.sleep(_RESTART_PAUSE_S)
        finally:
            self.problem, self.detail = TvProblem.NO_PICTURE, "closed"

    async def _live(self) -> None:
        """Run one child from its start to its end."""
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]
        for end in (end for pair in pairs for end in pair):
            end.setblocking(False)
        (pictures, sound, control), theirs = (p[0] for p in pairs), [p[1] for p in pairs]
        handed = [self._ring.fd, *(end.fileno() for end in theirs)]
        width, height = self.size
        path = self._sound_path()
        output = replace(self.output, sound_device=self.output.sound_device or path.device)
        command = [sys.executable, "-m", "appliance.media.tv.child", f"{width}x{height}"]
        command += [*map(str, handed), output.to_json()]
        child = await asyncio.create_subprocess_exec(
            *command,
            pass_fds=handed,
            env=self._environment | output.environment() | _path(self._environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        for end in theirs:
            end.close()
        self.starts += 1
        self.started.set()
        self._pid = child.pid
        self._pictures, self._sound = pictures, sound
        log.info("tv → started, process %d", child.pid)
        number = self._number
        _send(pictures, PictureNote(number, number % SLOTS, time.monotonic()).pack())
        listener = asyncio.create_task(_relay(child.stderr))
        try:
            reason = await self._watch(child, control, SoundWatch(path))
            self.problem, self.detail = TvProblem.NO_PICTURE, reason
            log.warning("tv ← %s", reason)
        finally:
            self._pictures = self._sound = self._pid = None
            for end in (pictures, sound, control):
                end.close()  # the child ends when its control does
            try:
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()
            listener.cancel()

    async def _watch(
        self, child: asyncio.subprocess.Process, control: socket.socket, sound: SoundWatch
    ) -> str:
        """Read the child's statuses until it ends or hangs, or cannot be heard; the reason."""
        patience = self._patience
        patience.begin()
        before = self.displayed
        moved_at = sounded_at = time.monotonic()
        shown = displayed = sounded = -1
        while True:
            message = await _next_message(control, patience.status_s)
            if message is None:
                child.kill()
                why = f"VLC's process sent no status for {patience.status_s:g} s"
                patience.lost()
                return why
            if not message:
                return await _ending(child)
            status = self.status = json.loads(message)
            now = time.monotonic()
            if status["displayed"] != displayed or status["shown"] == shown:
                moved_at = now
            if displayed <= 0 < status["displayed"]:
                log.info("tv ← first picture on the screen")
            if status["sounded"] != sounded:
                sounded_at = now
            shown, displayed, sounded = status["shown"], status["displayed"], status["sounded"]
            self.displayed = before + displayed
            if displayed > 0:
                patience.shows(now)
            if now - moved_at > patience.freeze_s:
                child.kill()
                why = f"VLC displayed nothing for {patience.freeze_s:g} s: {status['error']}"
                patience.lost()
                return why
            if why := sound.restart_reason(self._sound_path(), now - sounded_at):
                return why
            if displayed <= 0:
                self.problem, self.detail = TvProblem.NO_PICTURE, status["error"]
            elif now - sounded_at > _MUTE_TIMEOUT_S:
                self.problem, self.detail = TvProblem.NO_SOUND, status["error"]
            else:
                self.problem, self.detail = None, ""


def _send(end: socket.socket | None, note: bytes) -> None:
    # A child that hangs or has just ended loses pictures and sound, never the call.
    if end is not None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            end.send(note)


async def _next_message(control: socket.socket, within: float) -> bytes | None:
    """The child's next message; b"" once it has closed its end, None where none came in time."""
    try:
        async with asyncio.timeout(within):
            return await asyncio.get_running_loop().sock_recv(control, _MAX_STATUS_BYTES)
    except TimeoutError:
        # A turn of ours that lasted so long is no silence of the child's: what it sent lies there.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            return control.recv(_MAX_STATUS_BYTES)
        return None
    except ConnectionError:
        return b""


def _path(environment: Mapping[str, str]) -> dict[str, str]:
    """Let the child import this very package, wherever the program was started."""
    here = str(Path(__file__).parents[3])
    rest = environment.get("PYTHONPATH")
    return {"PYTHONPATH": here + (os.pathsep + rest if rest else "")}


async def _ending(child: asyncio.subprocess.Process) -> str:
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            code = await child.wait()
    except TimeoutError:
        child.kill()
        return "VLC's process hung while it ended"
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"VLC's process {how}"


async def _relay(stream: asyncio.StreamReader | None) -> None:
    if stream is None:
        return
    with contextlib.suppress(ValueError):  # a line longer than the reader's limit
        async for line in stream:
            log.debug("tv ← %s", line.decode(errors="replace").rstrip())
