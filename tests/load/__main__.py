"""Measures the real province under load and says whether anything was lost; ``make load``.

Three rounds, each with ``diemcau province`` as it serves (HTTPS, mosquitto with TLS and access
list, a database) and ``diemcau simulate`` in a process of its own:

* *outage*: 200 sites in one meeting, on SQLite; the schedule changes; a fifth is lost.
* *endurance*: 2,000 sites on PostgreSQL; five minutes of calm, then broker, program and database
  are killed one after another.
* *attack*: 200 sites on SQLite while one more floods, 1,100 connections idle and 30 log-ins a
  second fail: reports are stored within 5 s (p95), the chair's page comes within 1 s (p95).

Prints a table, writes ``build/load.json``, and ends with 1 where anything was lost or late.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.load.attack import Strength, attack
from tests.load.endurance import endurance
from tests.load.machine import quiet
from tests.load.outage import outage

RESULT = Path("build/load.json")
ROUNDS = ("outage", "endurance", "attack")


def rows(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """Each figure with its path from the top."""
    for name, value in found.items():
        label = f"{path} {name.replace('_', ' ')}".strip()
        if isinstance(value, Mapping):
            yield from rows(value, label)
        else:
            yield label, value


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """The rounds that were chosen."""
    found: dict[str, Any] = {"begun_at": round(time.time()), "quiet_before": quiet()}
    with tempfile.TemporaryDirectory(prefix="diemcau-load-") as kept:
        for name in ROUNDS:
            if chosen.only not in ("", name):
                continue
            folder = Path(kept) / name
            folder.mkdir()
            found[name] = asyncio.run(_round(name, folder, chosen))
            for path, value in rows(found[name], name):
                print(f"{path:70} {value}", flush=True)  # noqa: T201
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


async def _round(name: str, folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    match name:
        case "outage":
            return await outage(folder, chosen.sites)
        case "endurance":
            return await endurance(
                folder, chosen.many, chosen.calm, chosen.between, sqlite=chosen.sqlite
            )
        case _:
            strength = Strength(chosen.sites, chosen.idle, chosen.logins, chosen.seconds)
            return await attack(folder, strength)


def main() -> int:
    """0 where all is as it must be."""
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--only", choices=ROUNDS, default="")
    parser.add_argument("--sites", type=int, default=200, help="in outage and attack")
    parser.add_argument("--many", type=int, default=2000, help="in the endurance")
    parser.add_argument("--calm", type=float, default=300.0, help="seconds before the first kill")
    parser.add_argument("--between", type=float, default=80.0, help="seconds; 0: nothing is killed")
    parser.add_argument("--sqlite", action="store_true", help="the endurance without PostgreSQL")
    parser.add_argument("--idle", type=int, default=1100, help="connections, in the attack")
    parser.add_argument("--logins", type=float, default=30.0, help="a second, in the attack")
    parser.add_argument("--seconds", type=float, default=90.0, help="that the attack lasts")
    found = measure(parser.parse_args())
    verdicts = {name: found[name]["right"] for name in ROUNDS if name in found}
    for name, right in verdicts.items():
        print(f"{name}: {'all as it must be' if right else 'NOT as it must be'}")  # noqa: T201
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
