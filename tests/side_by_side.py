"""Runs the tests as `make check` and `make test` do: groups of them side by side, on two cores.

A run of pytest has one thread, and waits for much of its time: for a report that is due, a program
that starts, a browser. Only what holds the product to tens of milliseconds, or to a picture's rate,
has the machine for itself. Run as ``python -m tests.side_by_side check`` or ``image``.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STILL_AT_WORK_S = 60.0
"""Between two lines that say what is still running: some runners end what says nothing."""
MACHINE = "tests/image/machine"
ALONE = (
    "tests/benchmark",
    "tests/dialers",
    "tests/endpoint",
    "tests/media",
    "tests/process",
)
"""Calls, pictures and sound in real time."""
SLOW = {
    "sites in the field": tuple(
        f"tests/province/{folder}" for folder in ("backup", "broker", "ca", "fleet", "floor")
    ),
    "province": ("tests/province",),
    "evenings": ("tests/e2e", "tests/stories"),
}
"""Each a process of its own beside all the rest; a folder inside another's is its own alone."""


@dataclass(frozen=True, slots=True)
class Group:
    """What one pytest runs: `words` are its arguments."""

    name: str
    words: tuple[str, ...]


def check() -> tuple[tuple[Group, ...], ...]:
    """All tests but those of the emulator, each in one group; the groups of a step run at once."""
    taken = (MACHINE, *ALONE, *(folder for folders in SLOW.values() for folder in folders))

    def group(name: str, folders: tuple[str, ...]) -> Group:
        others = [
            f"--ignore={other}"
            for other in taken
            if any(other.startswith(f"{folder}/") for folder in folders)
        ]
        return Group(name, (*folders, *others))

    slow = [group(name, folders) for name, folders in SLOW.items()]
    return ((*slow, group("the rest", ("tests",))), (Group("real time", ALONE),))


def image() -> tuple[tuple[Group, ...], ...]:
    """The image in its emulators: the short form of `make image-test`."""
    boards = f"{MACHINE}/boards"
    bytes_alone = ("test_new_image.py", "rpi5/test_card.py", "test_authorities.py")
    return (
        (
            Group(
                "boot script",
                (f"{boards}/test_boot_script.py", *(f"{MACHINE}/{name}" for name in bytes_alone)),
            ),
            Group("Raspberry Pi", (boards, "-k", "u_boot_takes or verifies")),
        ),
        (Group("start", (f"{MACHINE}/test_start.py",)),),
        (Group("power cuts", (f"{MACHINE}/power_cuts/test_cuts.py",)),),
    )


PLANS: Mapping[str, Callable[[], tuple[tuple[Group, ...], ...]]] = {"check": check, "image": image}


def run(steps: Iterable[Iterable[Group]], command: tuple[str, ...]) -> list[str]:
    """Run all of them; the names of the groups that failed. `command` is what takes their words."""
    failed: list[str] = []
    for groups in steps:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            logs = {group: Path(folder) / f"{number}.log" for number, group in enumerate(groups)}
            running = {group: _begin(group, command, log) for group, log in logs.items()}
            told = began
            while running:
                time.sleep(0.2)
                now = time.monotonic()
                for group in [
                    one for one, process in running.items() if process.poll() is not None
                ]:
                    code = running.pop(group).returncode
                    sys.stdout.write(logs[group].read_text(errors="replace"))
                    said = "passed" if code == 0 else f"FAILED, code {code}"
                    _say(f"{group.name}: {said}, {now - began:.0f} s")
                    told = now
                    if code:
                        failed.append(group.name)
                if running and now - told > STILL_AT_WORK_S:
                    told = now
                    _say(f"{now - began:.0f} s: still at {', '.join(one.name for one in running)}")
    return failed


def _begin(group: Group, command: tuple[str, ...], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            (*command, *group.words), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


def _say(line: str) -> None:
    sys.stdout.write(f"== {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    wrong = run(PLANS[sys.argv[1]](), (sys.executable, "-m", "pytest", *sys.argv[2:]))
    sys.exit(f"failed: {', '.join(wrong)}" if wrong else 0)
