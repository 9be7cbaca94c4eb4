"""QEMU from the tools of the image: one machine that boots a disk, asked over its own sockets."""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image

from tests.image.machine.power_cuts.write_log import blockdevs

ROOT = Path(__file__).parents[4]
TOOLS = ROOT / "image/recipe/in-tools"
BUILD = ROOT / "build/image"
BIOS = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
LOG = "console.log"
PATIENCE = 1800.0
"""Seconds for what takes half a minute on a quiet machine; the emulator shares its two cores."""
ASK_AGAIN_S = 5.0
"""Between two tries whether a shell is there."""
STOP_S = 60.0
"""For a stop to reach each thread: one that writes to its disk finishes that first."""
STOPPED = "TXZ"
"""Letters of proc(5): stopped, or ended."""


def in_tools(*words: str) -> str:
    """What a command inside the tools prints; paths are relative to the checkout."""
    done = subprocess.run(
        [TOOLS, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


class Emulator:
    """One run of QEMU with a board that a subclass puts together; killed on leaving."""

    def __init__(self, folder: Path, *board: str, threads: str = "multi") -> None:
        """`folder` takes what the run leaves; it is below the checkout.

        `threads` is one of the host for each core of the guest (``multi``), or a ``single`` one.

        `board` is QEMU's words for it, which use the character devices `console`, a socket that a
        shell in the guest is asked on, and `serial`, a file."""
        self.folder = folder
        self.serial = folder / "serial.log"
        self._monitor = folder / "monitor.sock"
        self._console = folder / "console.sock"
        for left in (self.serial, self._monitor, self._console):
            left.unlink(missing_ok=True)
        here = folder.relative_to(ROOT)
        self._words = [
            *("qemu-system-aarch64", "-display", "none"),
            *("-accel", f"tcg,thread={threads}"),
            "-chardev",
            f"socket,id=console,path={here}/console.sock,server=on,wait=off,logfile={here}/{LOG}",
            *("-chardev", f"file,id=serial,path={here}/serial.log"),
            *("-monitor", f"unix:{here}/monitor.sock,server=on,wait=off"),
            *board,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self.powered_at = 0.0
        """POSIX seconds."""

    def __enter__(self) -> Self:
        self.powered_at = time.time()
        self._process = subprocess.Popen(
            [TOOLS, *self._words], cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()

    def cut(self) -> None:
        """The plug is pulled."""
        self.hang_up()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """QEMU stands still, all its threads: its files are as a kill would leave them now."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            threads = Path(f"/proc/{self._process.pid}/task")
            until = time.monotonic() + STOP_S
            while any(_state(one) not in STOPPED for one in threads.iterdir()):
                assert time.monotonic() < until, "QEMU does not stop"
                time.sleep(0.01)
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def hang_up(self) -> None:
        """The guest starts again: whoever asks next waits for its new shell."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def said(self) -> str:
        """All that came over the serial line."""
        return self.serial.read_text(errors="replace") if self.serial.exists() else ""

    def wait_for(
        self, text: str, count: int = 1, within: float = PATIENCE, *, unless: str = ""
    ) -> float:
        """Seconds until the line has said `text` `count` times; fails once it says `unless`."""
        began = time.monotonic()
        while (said := self.said()).count(text) < count:
            late = time.monotonic() - began > within
            assert not (late or (unless and unless in said)), f"no {text!r} in:\n{said[-3000:]}"
            self._must_run()
            time.sleep(0.5)
        return time.monotonic() - began

    def ask(self, command: str, within: float = PATIENCE) -> str:
        """What a shell in the guest prints; see `questions` for how it comes to be there."""
        until = time.monotonic() + within
        line = self._line or self._connect(until)
        self._line = line
        # Quotes apart, so that the terminal's echo of this very line is not taken for the answer.
        mark = f"{time.monotonic_ns():x}"
        line.sendall(f"echo BE''GIN{mark}; ({command}) 2>&1; echo EN''D{mark}\n".encode())
        heard = b""
        with selectors.DefaultSelector() as ready:
            ready.register(line, selectors.EVENT_READ)
            while f"END{mark}".encode() not in heard:
                left = until - time.monotonic()
                assert left > 0, (
                    f"no answer to {command!r}: {heard[-2000:]!r}\n{self.said()[-2000:]}"
                )
                if ready.select(min(left, 5.0)):
                    part = line.recv(65536)
                    assert part, f"the guest is gone: {self.said()[-2000:]}"
                    heard += part
        text = heard.decode(errors="replace").replace("\r", "")
        return text.partition(f"BEGIN{mark}")[2].partition(f"END{mark}")[0].strip("\n")

    def picture(self, png: Path, output: int | None = None) -> Image.Image:
        """What the TV shows now, kept as `png` beside the disk; `output` counts sockets from 0."""
        shot = self.folder / "screen.ppm"
        shot.unlink(missing_ok=True)
        which = "" if output is None else f" tv {output}"
        self.tell(f"screendump {shot.relative_to(ROOT)}{which}")
        picture = Image.open(shot).convert("RGB")
        picture.save(png)
        return picture

    def tell(self, command: str) -> str:
        """What QEMU's monitor answers to `command`, once it is done."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(self._monitor))
            monitor.settimeout(PATIENCE)
            heard = b""
            for prompts, words in ((1, command), (2, "")):
                while heard.count(b"(qemu)") < prompts:
                    part = monitor.recv(4096)
                    assert part, f"QEMU has ended: {heard!r}"
                    heard += part
                if words:
                    monitor.sendall(f"{words}\n".encode())
        return heard.decode(errors="replace")

    def _must_run(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, "QEMU has ended"

    def _connect(self, until: float) -> socket.socket:
        while True:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(self._console))
            except OSError:
                line.close()
                self._must_run()
                assert time.monotonic() < until, "QEMU opened no console"
                time.sleep(0.5)
                continue
            break
        # The shell is there once it answers; what is sent before is lost or answered late. Not sent
        # with each part that is heard: a kernel that talks there takes nothing, and the line fills.
        heard, due = b"", 0.0
        while b"READY" not in heard:
            now = time.monotonic()
            assert now < until, f"no shell in the guest:\n{self.said()[-3000:]}"
            if now >= due:
                # A guest that has not opened its line yet takes nothing, and the socket fills.
                with contextlib.suppress(TimeoutError):
                    line.sendall(b"echo REA''DY\n")
                due = now + ASK_AGAIN_S
            line.settimeout(max(due - now, 0.1))
            with contextlib.suppress(TimeoutError):
                part = line.recv(65536)
                assert part, f"QEMU has ended:\n{self.said()[-3000:]}"
                heard = heard[-100:] + part
        line.settimeout(None)
        return line


def _state(thread: Path) -> str:
    """The one letter of proc(5), /proc/PID/stat; the name before it may have anything in it."""
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return "X"


class Machine(Emulator):
    """QEMU's own board `virt` with the card `disk`, a file below the checkout."""

    def __init__(
        self,
        disk: Path,
        *more: str,
        memory: int = 1024,
        cores: int = 2,
        screen: tuple[int, int] = (1280, 720),
        outputs: int = 1,
        edid: bool = True,
        read_only: bool = False,
        log: Path | None = None,
    ) -> None:
        """`screen` is the mode that the TV prefers, width and height in pixels. Of `outputs`
        sockets all but the first are empty. Without `edid` the TVs say nothing of themselves.

        `log`, made by `write_log.empty`, takes every write of the guest to its card."""
        kind = "qcow2" if disk.suffix == ".qcow2" else "raw"
        drive = (
            "-drive",
            f"if=none,id=card,file={disk.relative_to(ROOT)},format={kind}"
            f"{',readonly=on' if read_only else ''}",
        )
        super().__init__(
            disk.parent,
            *("-M", "virt", "-smp", str(cores)),
            # Without long vectors and signed pointers: their emulation costs a third of each start.
            *("-cpu", "max,pauth=off,sve=off,sme=off"),
            *("-m", str(memory), "-bios", BIOS),
            *(blockdevs(str(disk.relative_to(ROOT)), str(log.relative_to(ROOT))) if log else drive),
            *("-device", "virtio-blk-pci,drive=card", "-device", "i6300esb"),
            "-device",
            f"virtio-gpu-pci,id=tv,xres={screen[0]},yres={screen[1]},max_outputs={outputs}"
            f",edid={'on' if edid else 'off'}",
            *("-device", "virtio-serial-pci", "-serial", "chardev:serial"),
            *("-device", "virtconsole,chardev=console"),
            *(more if "-netdev" in more else ("-nic", "none", *more)),
        )


def copy_of(disk: Path, folder: Path) -> Path:
    """A copy of an image to boot from, holes and all, in a folder of its own below build/."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "card.img"
    subprocess.run(["cp", "--sparse=always", disk, target], check=True, timeout=PATIENCE)
    return target
