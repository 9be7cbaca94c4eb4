"""An update's budget: what has come over the line, and what ends when it is too much."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from services.updates.budgeted_install import Done, Unit, end_stream, metered
from services.updates.update_command import reason_of

MIB = 2**20
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


def run(
    words: Sequence[str],
    ask: Callable[[], Unit | None],
    *,
    most: int | None = MIB,
    deadline_s: float = 60,
) -> Done:
    return metered(words, most, deadline_s, ask=ask, period_s=0.01)


@pytest.fixture
def service() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        end_stream(process.pid)


def client_of(service: subprocess.Popen[str]) -> tuple[str, ...]:
    assert service.stdout is not None
    return ("sh", "-c", CLIENT, service.stdout.readline().strip())


def received(*counts: int | None, main: int = 0) -> Callable[[], Unit]:
    left = list(counts)

    def ask() -> Unit:
        return Unit(main, left.pop(0) if len(left) > 1 else left[0])

    return ask


def test_what_came_over_the_line_is_told() -> None:
    done = run(("sh", "-c", "echo installed"), received(5000, 12000))
    assert (done.code, done.said, done.received) == (0, "installed\n", 7000)


def test_a_service_that_starts_anew_counts_from_nothing() -> None:
    done = run(("sh", "-c", "exit 0"), received(5000, 300))
    assert done.received == 300


def test_beyond_the_budget_the_fetching_process_ends_and_the_reason_is_ours(
    service: subprocess.Popen[str],
) -> None:
    client = client_of(service)
    done = run(client, received(0, MIB, MIB + 1, main=service.pid))
    assert service.wait() == 7, "the child was not ended, or the service itself was"
    assert done.code == 1
    assert "the line is gone" in done.said
    assert reason_of(done.said) == "more than the budget of 1048576 bytes has come"


def test_what_takes_too_long_ends(service: subprocess.Popen[str]) -> None:
    done = run(client_of(service), received(0, main=service.pid), deadline_s=0)
    assert reason_of(done.said) == "not done within 0 s"


def test_what_is_not_counted_is_not_fetched(service: subprocess.Popen[str]) -> None:
    done = run(client_of(service), received(None, main=service.pid))
    assert "no budget can be kept" in reason_of(done.said)


def test_a_file_needs_no_count_and_a_silent_systemd_is_no_end() -> None:
    counts = iter([Unit(1, 100), None, Unit(1, None)])
    done = run(("sh", "-c", "sleep 0.1"), lambda: next(counts, None), most=None)
    assert (done.code, done.received) == (0, 0)
    counts = iter([Unit(1, 100), Unit(1, 400)])
    done = run(("sh", "-c", "sleep 0.1"), lambda: next(counts, None))
    assert (done.code, done.received) == (0, 300)


def test_a_service_that_is_gone_has_nobody_to_end() -> None:
    end_stream(2**22 + 1)
