"""A web server with one release, by an authority of its own, that misbehaves on purpose."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

NAME = "moi.raucb"
SIZE = 183_500_800
SILENCE_S = 30.0
OK = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class Server:
    """A running server: its address, a file with its authority, and how it answers a HEAD."""

    url: str
    authority: str
    answers: list[str] = field(default_factory=lambda: [OK])
    """One after the other, the last for ever; "" keeps the client waiting."""
    requests: int = 0
    head: str = ""
    """Of the newest request."""


@contextmanager
def release_server(folder: Path) -> Iterator[Server]:
    """Serve one bundle at `url`; its authority is a file in `folder`."""
    ca = trustme.CA()
    authority = folder / "authority.pem"
    ca.cert_pem.write_to_path(str(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/{NAME}"
        server = Server(url, str(authority))
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, context, server, over))
        thread.start()
        try:
            yield server
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(
    listener: socket.socket, context: ssl.SSLContext, server: Server, over: threading.Event
) -> None:
    while not over.is_set():
        with contextlib.suppress(OSError):  # a client that does not trust us, or the end
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as line:
                line.settimeout(SILENCE_S)
                server.head = line.recv(65536).decode()
                server.requests += 1
                answers = server.answers
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if not answer:
                    over.wait(SILENCE_S)
                line.sendall(answer.encode())
