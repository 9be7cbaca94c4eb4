"""``make load-dialers``: 45 sites at a real Janus, then at a real Asterisk.

Each site is the product's own, on the real clock, without a TV of its own: it comes in at its own
moment of the doors, decodes what it receives, and sends a small recording. Then the power of a
third is cut and comes back. Prints a table, writes ``build/load-dialers.json`` and ends with 1
where somebody was late.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.load.__main__ import rows
from tests.load.dialers.measured_round import SIZE, Size, one_round
from tests.load.dialers.on_paper import on_paper
from tests.load.dialers.servers import KINDS

RESULT = Path("build/load-dialers.json")
NICE = 5
HOW = (
    "Sites send 320x180 at 5 pictures a second from a file, passed through undecoded, and receive"
    " the same. At Janus they send 10 packets of silence a second, at Asterisk 50. All decode all"
    " that they receive; nothing is drawn."
)


def main() -> int:
    """0 where all were in time."""
    parser = argparse.ArgumentParser(prog="make load-dialers")
    parser.add_argument("--only", choices=KINDS, default="")
    parser.add_argument("--processes", type=int, default=SIZE.processes)
    parser.add_argument("--sites-each", type=int, default=SIZE.sites_each)
    parser.add_argument("--doors", type=float, default=SIZE.doors_s, help="seconds")
    parser.add_argument("--steady", type=float, default=SIZE.steady_s, help="seconds")
    chosen = parser.parse_args()
    os.nice(NICE)
    # Ended in order either way: a server that outlives its round goes on for ever.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    size = Size(chosen.processes, chosen.sites_each, chosen.doors, chosen.steady)
    found: dict[str, Any] = {"how": HOW}
    for kind in KINDS:
        if chosen.only in ("", kind):
            with tempfile.TemporaryDirectory(prefix="diemcau-dialers-") as folder:
                found[kind] = asyncio.run(one_round(kind, Path(folder), size))
            if kind == "janus":
                found[kind]["on_paper"] = on_paper(found[kind])
    for path, value in rows(found):
        sys.stdout.write(f"{path:75} {value}\n")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if all(found[kind]["right"] for kind in KINDS if kind in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
