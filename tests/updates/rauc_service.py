"""A process that is to the box what RAUC's service is while it streams, and clients of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.updates.budgeted_install import end_stream

CLIENT = "tail -s 0.02 --pid=$0 -f /dev/null; echo LastError: the line is gone; exit 1"
"""Ends as RAUC's client does: once the fetching process is gone."""
SERVICE = """
import subprocess, sys, threading
def fetch():
    handler = subprocess.Popen(["sleep", "1000"])
    words = ["/proc/self/exe", "-c", "import time; time.sleep(1000)"]
    child = subprocess.Popen(words, executable=sys.executable)
    print(child.pid, flush=True)
    child.wait()
    assert handler.poll() is None, "the handler was ended, too"
    handler.kill()
thread = threading.Thread(target=fetch)
thread.start()
thread.join()
sys.exit(7)
"""
"""As RAUC's service is while it streams: a thread installs, and one of its children fetches."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service, and the child of it that fetches."""

    process: subprocess.Popen[str]
    fetching: int

    @property
    def client(self) -> tuple[str, ...]:
        """A client that waits for this service."""
        return ("sh", "-c", CLIENT, str(self.fetching))


@contextmanager
def streaming() -> Iterator[Service]:
    """A service that streams until its fetching child is ended."""
    words = [sys.executable, "-c", SERVICE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Service(process, int(process.stdout.readline()))
        end_stream(process.pid)
