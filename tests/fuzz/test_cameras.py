"""A short seeded run of what ``make fuzz`` does for a minute with cameras."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.problems import ProblemKey
from tests.fuzz.cameras import MODES, Counts, run
from tests.peers.camera.process import camera_process

PATIENCE_S = 40.0


def until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


@pytest.mark.case("K5")
@pytest.mark.timeout(180)
def test_cameras_that_mean_no_good_end_nothing_and_come_back(tmp_path: Path) -> None:
    counts = run(tmp_path, 9.0, seed=3)
    assert counts.right, str(counts)
    assert len(counts.returns_s) == counts.faults.total() >= len(MODES)
    assert counts.inputs >= counts.spoiled > 0, str(counts)
    assert counts.pictures > 20, str(counts)


@pytest.mark.case("K5")
@pytest.mark.timeout(180)
def test_a_driver_that_hangs_is_told_as_no_camera(tmp_path: Path) -> None:
    """The name card was sent for as long as it hung, and nobody knew why."""
    with camera_process(tmp_path) as camera:
        camera.want(True, live=False)
        until(lambda: camera.ask()["pictures"] > 3, "a picture")
        assert camera.problems() == []
        camera.ask(fault="hang")
        keys = [ProblemKey.CAMERA_MISSING]
        until(lambda: [one.key for one in camera.problems()] == keys, "that it is told")
        told = camera.ask()
        assert (told["state"], told["on_card"]) == ("absent", True)
        assert "driver" in told["problem"]
        camera.ask(fault="", every=0)
        until(lambda: camera.ask()["pictures"] > told["pictures"] + 3, "the picture again")
        assert camera.problems() == []


def test_what_does_not_hold_is_not_right() -> None:
    assert not Counts(1).right, "no picture came back"
    for wrong in ({"ends": ["x"]}, {"failed": ["x"]}, {"untold": ["x"]}, {"returns_s": [11.0]}):
        assert not Counts(1, **{"returns_s": [0.1], **wrong}).right  # type: ignore[arg-type]
    assert Counts(1, returns_s=[0.1]).right
