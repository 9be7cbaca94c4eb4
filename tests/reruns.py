"""A test marked ``real_time`` gets a second and a third try, but only on a machine that was busy.

Such a test holds the product to tens of milliseconds or to a frame rate, which a machine whose
cores all do something else cannot keep: its failure then says nothing about the product. What fails
on an idle machine fails at once, and so does every test without the mark. A run that needed more
than `MAX_RERUN` such tests fails and names them: either the machine is too slow for this suite, or
something is wrong with the product and the tries hide it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TRIES = 3
MAX_RERUN = 5
IDLE = 0.25  # a test alone leaves more than that of two cores


def _jiffies() -> tuple[int, int]:
    """Idle and all time of all cores (proc(5), /proc/stat: idle and iowait are fields 4 and 5)."""
    fields = [int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


class Machine:
    """How busy all cores were since `begin`."""

    def __init__(self, read: Callable[[], tuple[int, int]] = _jiffies) -> None:
        """`read` gives the idle and all time so far, of all cores together."""
        self._read = read
        self._idle, self._total = read()

    def begin(self) -> None:
        """Measure from now on."""
        self._idle, self._total = self._read()

    def was_busy(self) -> bool:
        """Whether less than `IDLE` of the time was left."""
        idle, total = self._read()
        return idle - self._idle < IDLE * (total - self._total)


class Reruns:
    """A plug-in of pytest: gives the tries, counts the tests that needed one, judges the run."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rerun: dict[str, None] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Hand the marked tests to pytest-rerunfailures."""
        for item in items:
            if item.get_closest_marker("real_time"):
                tries = pytest.mark.flaky(reruns=TRIES - 1, condition=self._machine.was_busy)
                item.add_marker(tries)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Look at the machine from each try on."""
        self._machine.begin()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the test, however many tries it needs."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # of the plug-in
            self._rerun[report.nodeid] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that needed too many tries."""
        if len(self._rerun) > MAX_RERUN and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name each."""
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        for nodeid in self._rerun:
            yield f"tried again on a busy machine: {nodeid}"
        if len(self._rerun) > MAX_RERUN:
            yield f"{len(self._rerun)} tests were tried again, at most {MAX_RERUN} may be: FAILED"
