"""``diemcau dial`` as a program: what it prints, and what it ends with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.peers.janus import PCMU_ROOM, ROOM, VP8_ROOM, VP9_ROOM, janus
from tests.peers.room import room
from tests.process.ports import free_port

KEYS = (
    "address ok reason detail ended connected_s first_picture_s video audio rtt_ms sent_kbps "
    "received_kbps cpu_s peak_mb"
)
CAMERA = ("--camera", "lavfi:testsrc2=size=640x360:rate=30", "--microphone", "lavfi:sine")


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "services.command", "dial", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    out, _ = process.communicate(timeout=60)
    return process.returncode, json.loads(out)


@pytest.fixture(params=["room", "janus"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with room(port) if request.param == "room" else janus(tmp_path, port):
        path = "/janus" if request.param == "room" else ""
        yield f"janus+ws://127.0.0.1:{port}{path}?room={ROOM}"


def test_two_calls_into_one_room(address: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.mkv"
    first = start(address, "--seconds", "8", "--json", *CAMERA, "--record", str(kept))
    second = start(address, "--seconds", "8", "--json", *CAMERA)
    for process in (first, second):
        code, result = ended(process)
        assert code == 0, json.dumps(result)
        assert list(result) == KEYS.split()
        assert result["ok"] is True
        assert result["reason"] is None
        assert result["ended"] == "ours"
        assert result["video"]["codec"] == "H264"
        assert result["video"]["received_frames"] > 30
        assert result["audio"]["received_s"] > 1
        assert result["connected_s"] < result["first_picture_s"]
    with av.open(kept) as recording:
        assert sum(1 for _ in recording.decode(video=0)) > 30
    with av.open(kept) as recording:
        assert sum(1 for _ in recording.decode(audio=0)) > 50


@pytest.fixture(scope="module")
def other_rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with janus(tmp_path_factory.mktemp("janus"), port):
        yield f"janus+ws://127.0.0.1:{port}?room="


@pytest.mark.case("K2")
@pytest.mark.parametrize(
    ("room_number", "picture", "sound"), [(VP8_ROOM, "VP8", "opus"), (PCMU_ROOM, "H264", "PCMU")]
)
def test_two_calls_into_a_room_of_another_codec(
    other_rooms: str, room_number: int, picture: str, sound: str
) -> None:
    """It said ok, and nothing of the site had gone out."""
    words = (f"{other_rooms}{room_number}", "--seconds", "6", "--json", *CAMERA)
    for process in [start(*words), start(*words)]:
        code, result = ended(process)
        assert (code, result["ok"]) == (0, True), json.dumps(result)
        assert (result["video"]["codec"], result["audio"]["codec"]) == (picture, sound)
        assert result["video"]["sent_frames"] > 30
        assert result["video"]["received_frames"] > 30


@pytest.mark.case("K2")
def test_a_room_that_takes_no_picture_of_ours_is_not_ok(other_rooms: str) -> None:
    words = (f"{other_rooms}{VP9_ROOM}", "--seconds", "4", "--json", *CAMERA)
    for process in [start(*words), start(*words)]:
        code, result = ended(process)
        assert (code, result["ok"], result["reason"]) == (1, False, "no-media")
        assert "refuses our media (no picture)" in result["detail"]
        assert result["audio"]["received_s"] > 0.5, "the sound went both ways all the same"


def test_alone_is_no_media(address: str) -> None:
    code, result = ended(start(address, "--seconds", "1", "--json"))
    assert code == 1
    assert (result["ok"], result["reason"]) == (False, "no-media")
    assert result["detail"]


def test_no_call(address: str) -> None:
    code, result = ended(start(address.replace(str(ROOM), "7"), "--json"))
    assert code == 1
    assert (result["ok"], result["reason"], result["connected_s"]) == (False, "refused", None)


def test_loopback() -> None:
    code, result = ended(start("loopback:", "--seconds", "2", "--json", *CAMERA))
    assert code == 0
    assert result["ok"] is True


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("loopback:", "--seconds", "soon"),
        ("loopback:", "--ca", "/no/such/file"),
        ("loopback:", "--camera", "gopher:x"),
    ],
)
def test_wrong_use(words: tuple[str, ...]) -> None:
    process = start(*words)
    process.communicate(timeout=60)
    assert process.returncode == 2
