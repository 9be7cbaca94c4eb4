"""Measures the real province under load and says whether anything was lost; ``make load``.

Two rounds, each with ``diemcau province`` as it serves (HTTPS, mosquitto with TLS and access list,
a database) and ``diemcau simulate`` in a process of its own:

* *outage*: 200 sites in one meeting, on SQLite; the schedule changes; a fifth is lost.
* *endurance*: 2,000 sites on PostgreSQL; five minutes of calm, then broker, program and database
  are killed one after another.

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

from tests.load.endurance import endurance
from tests.load.machine import quiet
from tests.load.outage import outage

RESULT = Path("build/load.json")
ROUNDS = ("outage", "endurance")


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
            found[name] = asyncio.run(
                outage(folder, chosen.sites)
                if name == "outage"
                else endurance(
                    folder, chosen.many, chosen.calm, chosen.between, sqlite=chosen.sqlite
                )
            )
            for path, value in rows(found[name], name):
                print(f"{path:70} {value}", flush=True)  # noqa: T201
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found


def main() -> int:
    """0 where all is as it must be."""
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--only", choices=ROUNDS, default="")
    parser.add_argument("--sites", type=int, default=200, help="in the outage")
    parser.add_argument("--many", type=int, default=2000, help="in the endurance")
    parser.add_argument("--calm", type=float, default=300.0, help="seconds before the first kill")
    parser.add_argument("--between", type=float, default=80.0, help="seconds; 0: nothing is killed")
    parser.add_argument("--sqlite", action="store_true", help="the endurance without PostgreSQL")
    found = measure(parser.parse_args())
    return (
        0 if all(found[name]["right"] for name in ("outage", "endurance") if name in found) else 1
    )


if __name__ == "__main__":
    raise SystemExit(main())
