"""An update's bounds: what has come over the line, how long it took, and a meeting (N1)."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from services.updates.budgeted_install import Finished, Stop, Unit, end_stream, run_rauc
from services.updates.install import reason_of
from tests.updates.rauc_service import Service, streaming

MIB = 2**20


def run(
    words: Sequence[str],
    ask: Callable[[], Unit | None],
    *,
    most: int | None = MIB,
    deadline_s: float = 60,
    why_stop: Callable[[], str] = str,
) -> Finished:
    return run_rauc(
        words, most, deadline_s, why_stop=why_stop, ask=ask, period_s=0.01, why_stop_s=0.02
    )


@pytest.fixture
def service() -> Iterator[Service]:
    with streaming() as service:
        yield service


def received(*counts: int | None, main: int = 0) -> Callable[[], Unit]:
    left = list(counts)

    def ask() -> Unit:
        return Unit(main, left.pop(0) if len(left) > 1 else left[0])

    return ask


def test_what_came_over_the_line_is_told() -> None:
    done = run(("sh", "-c", "echo installed"), received(5000, 12000))
    assert (done.code, done.output, done.received) == (0, "installed\n", 7000)
    assert done.stop is None


def test_a_service_that_starts_anew_counts_from_nothing() -> None:
    done = run(("sh", "-c", "exit 0"), received(5000, 300))
    assert done.received == 300


def test_beyond_the_budget_the_fetching_process_ends_and_the_reason_is_ours(
    service: Service,
) -> None:
    done = run(service.client, received(0, MIB, MIB + 1, main=service.process.pid))
    assert service.process.wait() == 7, "the child was not ended, or the service itself was"
    assert (done.code, done.stop) == (1, Stop.BYTES)
    assert "the line is gone" in done.output
    assert reason_of(done.output) == "more than the budget of 1048576 bytes has come"


def test_what_takes_too_long_ends(service: Service) -> None:
    done = run(service.client, received(0, main=service.process.pid), deadline_s=0)
    assert reason_of(done.output) == "not done within 0 s"
    assert done.stop is Stop.DEADLINE


def test_what_is_not_counted_is_not_fetched(service: Service) -> None:
    done = run(service.client, received(None, main=service.process.pid))
    assert "no budget can be kept" in reason_of(done.output)


def test_n1_a_stream_is_asked_again_and_ends_where_a_meeting_comes_near(service: Service) -> None:
    asked: list[str] = []

    def why_stop() -> str:
        asked.append("")
        return "a meeting begins at noon" if len(asked) == 3 else ""

    done = run(service.client, received(0, main=service.process.pid), why_stop=why_stop)
    assert service.process.wait() == 7
    assert (done.code, done.stop) == (1, Stop.WINDOW)
    assert reason_of(done.output) == "stopped: a meeting begins at noon"
    assert len(asked) == 3, "the first reason stands"


def test_n1_an_install_from_a_file_ends_with_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client ends when the service's name leaves the bus."""
    called, gone = tmp_path / "called", tmp_path / "gone"
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >> {called}\ntouch {gone}\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    client = f"until [ -e {gone} ]; do sleep 0.01; done; echo RAUC service disappeared; exit 2"
    done = run(("sh", "-c", client), lambda: Unit(1, 9), most=None, why_stop=lambda: "a meeting")
    assert called.read_text() == "--no-block stop rauc.service\n"
    assert (done.code, done.stop) == (2, Stop.WINDOW)
    assert reason_of(done.output) == "stopped: a meeting"


def test_a_file_needs_no_count_and_a_silent_systemd_is_no_end() -> None:
    counts = iter([Unit(1, 100), None, Unit(1, None)])
    done = run(("sh", "-c", "sleep 0.1"), lambda: next(counts, None), most=None)
    assert (done.code, done.received) == (0, 0)
    counts = iter([Unit(1, 100), Unit(1, 400)])
    done = run(("sh", "-c", "sleep 0.1"), lambda: next(counts, None))
    assert (done.code, done.received) == (0, 300)


def test_a_service_that_is_gone_has_nobody_to_end() -> None:
    end_stream(2**22 + 1)
