"""``make fuzz``: coverage-guided, one process a target; what it finds stands in build/fuzz/found.

A finding is a file named TARGET-HASH: put it into tests/fuzz/found, mend the fault, and the tests
keep it mended.
"""

import argparse
import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build/fuzz"
INPUT_TIMEOUT_S = 20  # for one input on a busy machine; none should take a hundredth of it
MAX_MEMORY_MB = 1024
MAX_INPUT = 2000  # bytes of an input; what is longer is made by repetition within a target
STOP_TIMEOUT_S = 60
TARGETS = ("framing", "message", "conversation", "sdp", "datagrams", "rtcp", "srtp", "pictures",
           "sounds")  # fmt: skip


def main() -> None:
    """Exit code 1 where something was found."""
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    ask.add_argument("--seconds", type=int, default=900, help="for all targets together")
    ask.add_argument("--only", action="append", choices=TARGETS)
    ask.add_argument("--target", choices=TARGETS, help=argparse.SUPPRESS)
    asked, rest = ask.parse_known_args()
    if asked.target:
        _fuzz(asked.target, rest)
        return
    targets = asked.only or list(TARGETS)
    found = [name for name in targets if not _run(name, asked.seconds // len(targets))]
    sys.exit(f"fuzz: found something in {', '.join(found)}: see {HOME}/found" if found else 0)


def _run(name: str, seconds: int) -> bool:
    began = time.monotonic()
    (HOME / "corpus" / name).mkdir(parents=True, exist_ok=True)
    (HOME / "found").mkdir(exist_ok=True)
    words = (f"-max_total_time={seconds}", f"-timeout={INPUT_TIMEOUT_S}",
             f"-rss_limit_mb={MAX_MEMORY_MB}", f"-max_len={MAX_INPUT}",
             f"-artifact_prefix={HOME}/found/{name}-",
             "-print_final_stats=1", str(HOME / "corpus" / name))  # fmt: skip
    log = HOME / f"{name}.log"
    with log.open("wb") as out:
        done = subprocess.run(
            (sys.executable, "-m", "tests.fuzz", "--target", name, *words),
            cwd=ROOT, stdout=out, stderr=out, check=False, timeout=seconds + STOP_TIMEOUT_S,
        )  # fmt: skip
    said = log.read_text(errors="replace")
    figures = dict(re.findall(r"^stat::(\w+):\s+(\d+)", said, re.MULTILINE))
    covered = re.findall(r"cov: (\d+)", said)
    sys.stdout.write(
        f"{name}: {figures.get('number_of_executed_units', '?')} inputs in "
        f"{time.monotonic() - began:.0f} s, {covered[-1] if covered else '?'} branches, "
        f"{figures.get('peak_rss_mb', '?')} MB: {'clean' if done.returncode == 0 else 'FOUND'}\n"
    )
    sys.stdout.flush()
    return done.returncode == 0


def _fuzz(name: str, words: list[str]) -> None:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["appliance", "sipmessage"]):
        targets = importlib.import_module("tests.fuzz.targets")
    seeds = importlib.import_module("tests.fuzz.seeds")
    for number, seed in enumerate(seeds.seeds(name)):
        (HOME / "corpus" / name / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *words], targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
