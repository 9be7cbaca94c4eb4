"""Starts a private X server and a private PulseAudio daemon, and ends them."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.demo.framebuffer import Framebuffer

SINK = "tv"
RATE = 48_000
_START_TIMEOUT_S = 15.0
_MAX_ARRIVALS = 200  # one second of 5 ms


class VirtualTv:
    """A private display and loudspeaker; made by `virtual_tv()`."""

    def __init__(self, display: str, pulse_server: str, folder: Path, screen: Framebuffer) -> None:
        self.display = display
        self.pulse_server = pulse_server
        self.folder = folder
        self.screen = screen

    @property
    def environment(self) -> dict[str, str]:
        """The process environment with which a program shows and sounds here."""
        private = {
            "DISPLAY": self.display,
            "PULSE_SERVER": self.pulse_server,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
        }
        kept = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "PULSE_SINK")}
        return kept | private

    def grab(self) -> NDArray[np.uint8]:
        """(height, width, 3) RGB: what the screen shows now."""
        return self.screen.grab()

    @contextmanager
    def listening(self) -> Iterator["SoundMonitor"]:
        """Reads the loudspeaker's sound until the block ends."""
        command = ["parec", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"]
        command += ["--latency-msec=5", f"--device={SINK}.monitor"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment)
        try:
            yield SoundMonitor(child)
        finally:
            _stop(child)

    def record(self, seconds: float) -> NDArray[np.int16]:
        """(samples, 2) s16 at 48 kHz: what the loudspeaker gives from now on."""
        with self.listening() as monitor:
            parts, wanted = [], int(seconds * RATE)
            while wanted > 0:
                _, part = monitor.read()
                parts.append(part[:wanted])
                wanted -= len(part)
        return np.concatenate(parts)


class SoundMonitor:
    """Sound as it leaves the sink, with the time at which each sample sounds.

    A null sink mixes a block at the time of its first sample and hands it to its monitor whole:
    samples come early, never late but for the transport. So the latest arrivals, counted from the
    first sample, tell when the samples sound.
    """

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child
        self._rest = b""
        self._count = 0
        self._begins: deque[float] = deque(maxlen=_MAX_ARRIVALS)

    def read(self, timeout: float = 5.0) -> tuple[float, NDArray[np.int16]]:
        """(monotonic second at which its first sample sounds, (samples, 2) s16)."""
        pipe = self._child.stdout
        if pipe is None:
            raise EOFError("the recorder has no output")
        if not select.select([pipe], [], [], timeout)[0]:
            raise TimeoutError(f"no sound data from the sink's monitor within {timeout} s")
        data = os.read(pipe.fileno(), 65536)
        now = time.monotonic()
        if not data:
            raise EOFError("the recorder ended; is the sound daemon still running?")
        data = self._rest + data
        whole = len(data) // 4 * 4
        self._rest = data[whole:]
        self._begins.append(now - self._count / RATE)
        # Not the very latest: one late wake-up of this process would shift all that follows.
        begin = sorted(self._begins)[len(self._begins) * 9 // 10]
        first = begin + self._count / RATE
        self._count += whole // 4
        return first, np.frombuffer(data[:whole], np.int16).reshape(-1, 2)


@contextmanager
def virtual_tv(size: tuple[int, int] = (1280, 720), *, sound: bool = True) -> Iterator[VirtualTv]:
    """A display of that size (Xvfb) and a null sink (PulseAudio): private, and ended after use."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="tv-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        display = _start_display(stack, folder, size)
        server = f"unix:{folder}/pulse.socket"
        if sound:
            _start_sound(stack, folder)
        yield VirtualTv(display, server, folder, Framebuffer(folder / "Xvfb_screen0"))


def _start_display(stack: ExitStack, folder: Path, size: tuple[int, int]) -> str:
    read_end, write_end = os.pipe()
    screen = f"{size[0]}x{size[1]}x24"
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", screen]
    command += ["-fbdir", str(folder), "-nolisten", "tcp", "-nocursor", "-noreset"]
    child = subprocess.Popen(
        command, pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(_stop, child)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        if not select.select([pipe], [], [], _START_TIMEOUT_S)[0]:
            raise TimeoutError(f"Xvfb did not start within {_START_TIMEOUT_S} s")
        number = pipe.readline().strip().decode()
    if not number:
        raise RuntimeError("Xvfb ended at once; is a display with that size possible?")
    return f":{number}"


def _start_sound(stack: ExitStack, folder: Path) -> None:
    socket = folder / "pulse.socket"
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += [f"--load=module-null-sink sink_name={SINK} rate={RATE} channels=2"]
    command += [f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}"]
    environment = os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    log = stack.enter_context((folder / "pulseaudio.log").open("wb"))
    child = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    stack.callback(_stop, child)
    end = time.monotonic() + _START_TIMEOUT_S
    while not socket.exists():
        if child.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"pulseaudio: {(folder / 'pulseaudio.log').read_text()}")
        time.sleep(0.02)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)
    if child.stdout is not None:
        child.stdout.close()
