"""A PostgreSQL of Debian's package in a temporary folder, run by an unprivileged user."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

START_S = 60.0
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For tests of what the program does; where the database itself is killed nothing may be hasty."""
SETTINGS = ("max_connections=60", "listen_addresses=")


@dataclass(slots=True)
class Postgres:
    """One server, reached by a socket in its own folder."""

    folder: Path
    user: str
    durable: bool = False
    _process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)

    def start(self) -> None:
        """Until it answers; raises RuntimeError with what it says where it does not."""
        log = self.folder / "log"
        chosen = SETTINGS if self.durable else (*HASTY, *SETTINGS)
        settings = [word for setting in chosen for word in ("-c", setting)]
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings],
                stdout=subprocess.DEVNULL, stderr=said, cwd=self.folder,
                **_debians_own(),
            )  # fmt: skip
        self._answers(log)

    def crash(self) -> None:
        """Stop at once, as by a power cut: the next start recovers from the write-ahead log."""
        self.process.send_signal(signal.SIGQUIT)  # "immediate shutdown"
        self.process.wait(START_S)

    def stop(self) -> None:
        """Orderly, or not at all."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self, log: Path) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}") from None
                time.sleep(0.05)
            else:
                return


def programs() -> Path:
    """Where initdb and postgres of the newest version are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise RuntimeError("no PostgreSQL here: run `make setup`")
    return found[-1].parent


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Start one; PostgreSQL refuses to run as root, so root hands it to Debian's own user."""
    folder = Path(tempfile.mkdtemp(prefix="diemcau-pg-"))
    who = _debians_own()
    if who:
        shutil.chown(folder, who["user"], who["group"])
    try:
        subprocess.run(
            [programs() / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **who,
        )  # fmt: skip
        server = Postgres(folder, "tests", durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _debians_own() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
