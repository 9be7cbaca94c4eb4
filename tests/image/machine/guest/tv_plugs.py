"""Plugs TVs into the emulator's sockets and out of them: by VNC's request for a desktop size.

QEMU's virtio-gpu takes the wish of a display's user interface for what is plugged in, and a size of
0x0 for an empty socket (RFB: RFC 6143; SetDesktopSize of the community's registry, message 251).
"""

import socket
import struct
from pathlib import Path

from tests.image.machine.guest.emulator import ROOT

TIMEOUT_S = 60.0
SET_DESKTOP_SIZE = 251


class TvPlugs:
    """The plugs of a machine with `outputs` sockets, in a folder below the checkout."""

    def __init__(self, folder: Path, outputs: int) -> None:
        self._paths = [folder / f"plug{number}.sock" for number in range(outputs)]
        for path in self._paths:
            path.unlink(missing_ok=True)
        self._used: set[int] = set()

    @property
    def words(self) -> tuple[str, ...]:
        """QEMU's words for them."""
        return tuple(
            word
            for number, path in enumerate(self._paths)
            for word in ("-vnc", f"unix:{path.relative_to(ROOT)},display=tv,head={number}")
        )

    def plug(self, output: int, size: tuple[int, int] = (1280, 720)) -> None:
        """A TV that prefers `size` is plugged into that socket; counted from 0."""
        self._used.add(output)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(TIMEOUT_S)
            line.connect(str(self._paths[output]))
            _greet(line)
            line.sendall(struct.pack(">BxHHBx", SET_DESKTOP_SIZE, *size, 0))
            # It has been read once the server answers what came behind it.
            line.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, 1, 1))
            _receive(line, 4)

    def pull(self, output: int) -> None:
        """The socket is empty."""
        if output not in self._used:  # QEMU takes 0x0 for no change before it was told any size
            self.plug(output)
        self.plug(output, (0, 0))


def _greet(line: socket.socket) -> None:
    """RFC 6143, section 7.1 to 7.3, without a password."""
    _receive(line, 12)
    line.sendall(b"RFB 003.008\n")
    (kinds,) = _receive(line, 1)
    assert 1 in _receive(line, kinds), "VNC asks for a password"
    line.sendall(b"\1")
    assert _receive(line, 4) == bytes(4), "VNC refuses"
    line.sendall(b"\1")
    (name,) = struct.unpack(">20xI", _receive(line, 24))
    _receive(line, name)


def _receive(line: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = line.recv(count - len(found))
        assert part, "VNC hung up"
        found += part
    return found
