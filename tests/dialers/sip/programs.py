"""``diemcau dial`` as two programs in one conference, and what came of it at all three ends."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests import code_picture
from tests.code_picture import GUEST, SITE
from tests.code_sound import GUEST_HERTZ, SITE_HERTZ, write_beeps
from tests.dialers.sip.conftest import Server
from tests.peers.sip.asterisk_files import ENCRYPTED, PASSWORD

GRACE_S = 90.0
"""For a machine that is busy: starting Python twice and taking a recording apart."""


@dataclass(frozen=True, slots=True)
class Result:
    """One of the two: its JSON, its log, and whose pictures it kept, by number."""

    said: dict[str, Any]
    code: int
    log: str
    seen: dict[int, list[int]]


def site_file(folder: Path, server: Server, user: str, *, name: str) -> Path:
    """A site of that account, and its password beside it."""
    (folder / "password").write_text(f"{PASSWORD}\n")
    encryption = "required" if user.startswith(ENCRYPTED) else "off"
    file = folder / "site.toml"
    file.write_text(
        f'[site]\nid = "ia-kly"\nname = "{name}"\n[agenda]\nurl = "/none.ics"\n'
        f'[call]\nca = "{server.authority}"\n'
        f'[sip]\nuser = "{user}"\npassword_file = "{folder}/password"\n'
        f'encryption = "{encryption}"\n'
    )
    return file


def start(folder: Path, address: str, *words: str, who: int, hertz: float) -> Any:
    """Dial with a numbered picture and a tone, and keep what comes."""
    picture = code_picture.write_recording(folder / "camera.mp4", who)
    sound = write_beeps(folder / "microphone.wav", hertz)
    command = [
        *(sys.executable, "-m", "services.command", "dial", address, "--json"),
        *("--camera", str(picture), "--microphone", str(sound)),
        *("--record", str(folder / "kept.mkv"), *words),
    ]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


def ended(process: Any, folder: Path, seconds: float) -> Result:
    """Wait for it, and take its recording apart."""
    try:
        out, _ = process.communicate(timeout=seconds + GRACE_S)
    finally:
        process.kill()
    log = (folder / "log").read_text()
    assert out, log
    return Result(json.loads(out), process.returncode, log, seen(folder / "kept.mkv"))


def seen(recording: Path) -> dict[int, list[int]]:
    """The numbers of the pictures that were kept, by who sent them, in their order."""
    found: dict[int, list[int]] = {}
    with av.open(str(recording)) as file:
        for frame in file.decode(video=0):
            code = code_picture.read(frame.to_ndarray(format="gray").astype(np.uint8, copy=False))
            if code is not None:
                found.setdefault(code.who, []).append(code.number)
    return found


def two_calls(
    server: Server, folder: Path, ways: tuple[tuple[str, str], tuple[str, str]], seconds: float
) -> tuple[Result, Result]:
    """Two programs, each by its (address, user), at the same time."""
    folders, processes = [], []
    for number, (address, user) in enumerate(ways):
        own = folder / str(number)
        own.mkdir()
        file = site_file(own, server, user, name=f"Xã {number}")
        who, hertz = ((SITE, SITE_HERTZ), (GUEST, GUEST_HERTZ))[number]
        words = ("--site", str(file), "--seconds", str(seconds))
        folders.append(own)
        processes.append(start(own, address, *words, who=who, hertz=hertz))
    try:
        one, other = (
            ended(process, own, seconds) for process, own in zip(processes, folders, strict=True)
        )
    finally:
        for process in processes:
            process.kill()
    return one, other
