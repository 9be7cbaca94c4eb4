"""A PostgreSQL of Debian's package in a temporary folder, run by an unprivileged user."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_S = 60.0
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "listen_addresses=",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server, reached by a socket in its own folder."""

    folder: Path
    user: str

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)


def programs() -> Path:
    """Where initdb and postgres of the newest version are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise RuntimeError("no PostgreSQL here: run `make setup`")
    return found[-1].parent


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Start one; PostgreSQL refuses to run as root, so root hands it to Debian's own user."""
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else ""
    folder = Path(tempfile.mkdtemp(prefix="diemcau-pg-"))
    if as_root:
        shutil.chown(folder, user, user)
    who = {"user": user, "group": user} if as_root else {}
    log = folder / "log"
    try:
        subprocess.run(
            [programs() / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **who,  # type: ignore[call-overload]
        )  # fmt: skip
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        process = subprocess.Popen(
            [programs() / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdout=subprocess.DEVNULL,
            stderr=log.open("wb"),
            cwd=folder,
            **who,  # type: ignore[call-overload]
        )
        server = Postgres(folder, "tests")
        try:
            _answers(server, process, log)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(START_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
