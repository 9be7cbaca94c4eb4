"""A site's camera in a process of its own (program.py), in real time, for a story to ask."""

import contextlib
import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.core.problems import Problem, ProblemKey
from tests.peers.camera.library import H264, JPEG, environment, prepare

ANSWER_S = 30.0
"""For an answer on a busy machine; the program's loop itself never waits for a device."""
END_S = 20.0

Json = dict[str, Any]


class CameraProcess:
    """`services.endpoint.devices.near_devices.NearDevices`, of which each word is the process's."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def want(self, wanted: bool, *, live: bool) -> None:
        """Open or closed; there is no microphone."""
        del live
        self.ask(want=wanted)

    def problems(self) -> list[Problem]:
        """What `Devices` finds wrong."""
        return [Problem(ProblemKey(key)) for key in self.ask()["problems"]]

    @property
    def figures(self) -> Mapping[str, float]:
        """Nothing of the microphone."""
        return {}

    def ask(self, **what: object) -> Json:
        """Say that, and what comes back; raises TimeoutError, or EOFError where it has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise EOFError(f"the camera's program has ended: {self.process.wait()}") from None
        if not select.select([self.process.stdout], [], [], ANSWER_S)[0]:
            raise TimeoutError(f"the camera's program says nothing within {ANSWER_S:g} s")
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"the camera's program has ended: {self.process.wait()}")
        answer: Json = json.loads(line)
        return answer


@contextlib.contextmanager
def camera_process(
    folder: Path, *, mode: str = JPEG, seed: int = 1, log: Path | None = None
) -> Iterator[CameraProcess]:
    """Start one; `folder` is empty and ours, or one that was given here before."""
    if not (folder / "fake_v4l2.so").exists():
        prepare(folder)
    command = (
        sys.executable,
        "-m",
        "tests.peers.camera.program",
        str(seed),
        str(int(mode == H264)),
    )
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("w")) if log is not None else None
        process = subprocess.Popen(
            command, env=environment(folder, mode), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        try:
            yield CameraProcess(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(END_S)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
