"""A camera's damaged buffers: skipped one by one, told when many, and no end of the camera."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.media.capture.damage import MAX_BAD_S, MIN_BAD, WINDOW_S, DamageCount, JpegEnds
from appliance.media.capture.sources import DeviceGoneError
from tests.peers.camera.library import H264, JPEG, ROOT, YUYV, environment, prepare

WATCH = ROOT / "tests/peers/camera/watch.py"
SECONDS = 4
RECOVERY_S = 12

CASES: dict[str, dict[str, str]] = {
    **{
        f"{fault} now and then": {"CAMERA_FAULT": fault, "CAMERA_EVERY": "25"}
        for fault in ("error", "empty", "zeros", "junk", "cut")
    },
    "many": {"CAMERA_FAULT": "error", "CAMERA_EVERY": "4"},
    "the first after each start": {"CAMERA_FAULT": "junk", "CAMERA_FIRST": "4"},
    "the first second": {"CAMERA_FAULT": "error", "CAMERA_FIRST": "30"},
    "uncompressed": {"CAMERA_FAULT": "error", "CAMERA_EVERY": "25", "CAMERA_MODES": YUYV},
    "its own H.264": {"CAMERA_FAULT": "junk", "CAMERA_EVERY": "25", "CAMERA_MODES": H264},
    "its own H.264, flagged": {"CAMERA_FAULT": "error", "CAMERA_EVERY": "25", "CAMERA_MODES": H264},
    "all, for five seconds": {
        "CAMERA_FAULT": "error",
        "CAMERA_FROM": "30",
        "CAMERA_UNTIL": str(30 + 30 * 5),
    },
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All cameras at once, each in a program of its own, as `watch.py` has it."""
    folder = tmp_path_factory.mktemp("camera")
    prepare(folder)
    running = {}
    for name, told in CASES.items():
        coded = told.get("CAMERA_MODES") == H264
        seconds = RECOVERY_S if "CAMERA_UNTIL" in told else SECONDS
        running[name] = subprocess.Popen(
            [sys.executable, WATCH, str(seconds), str(int(coded))],
            env=environment(folder, told.get("CAMERA_MODES", JPEG), **told),
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        yield running
    finally:
        for one in running.values():
            one.kill()
            one.wait(10)


def seen(watched: dict[str, "subprocess.Popen[str]"], name: str) -> dict[str, Any]:
    out, _ = watched[name].communicate(timeout=60)
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.case("K5")
@pytest.mark.parametrize("name", [name for name in CASES if "CAMERA_UNTIL" not in CASES[name]])
def test_the_camera_stays_open(watched: dict[str, "subprocess.Popen[str]"], name: str) -> None:
    found = seen(watched, name)
    assert found["states"][-1] == "live"
    assert "absent" not in found["states"]
    assert found["problems"] == []
    assert found["errors"] == 0
    assert found["pictures"] >= SECONDS * 5
    if name in ("many", "the first second"):
        assert found["damaged"]
    if name.endswith("now and then") or name == "uncompressed":
        assert not found["damaged"]


@pytest.mark.case("K5")
def test_without_one_good_picture_it_is_opened_again(
    watched: dict[str, "subprocess.Popen[str]"],
) -> None:
    found = seen(watched, "all, for five seconds")
    assert "absent" in found["states"]
    assert found["states"][-1] == "live"
    assert "no good picture" in " ".join(found["problems"])
    assert found["cards"] > 0
    assert found["damaged"]


@pytest.mark.case("K5")
def test_few_are_not_many_and_seconds_without_a_good_one_are_too_many() -> None:
    count = DamageCount()
    count.begin(100.0)
    for number in range(300):
        now = 100.0 + number / 30
        if number % 30 == 7:
            count.bad("junk", now)
        else:
            count.good(now)
    assert not count.many(110.0)
    for number in range(MIN_BAD * 4):
        count.bad("junk", 110.0 + number / 30)
    assert count.many(111.0)
    assert not count.many(112.0 + WINDOW_S)
    with pytest.raises(DeviceGoneError, match="the last: junk"):
        count.bad("junk", 109.97 + MAX_BAD_S + 0.1)
    count.begin(200.0)  # opened again
    count.bad("junk", 200.1)


@pytest.mark.case("K5")
def test_a_camera_that_never_ends_its_pictures_is_believed() -> None:
    cut = JpegEnds()
    assert not cut.is_cut(b"\xff\xd8data")
    assert not cut.is_cut(b"\xff\xd8data\xff\xd9\0\0\0")
    assert cut.is_cut(b"\xff\xd8data")
    assert not cut.is_cut(b"\xff\xd8data\xff\xd9")
