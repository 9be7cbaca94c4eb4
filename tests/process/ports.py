"""Ports for programs that are started, ended and started again."""

import contextlib
import random
import socket


def free_port() -> int:
    """A TCP port that nobody listens at, below those that the kernel gives to outgoing connections
    (net.ipv4.ip_local_port_range): a program that is started again finds it free again."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
