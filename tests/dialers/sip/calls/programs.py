"""``diemcau dial`` as a program, and a guest in its conference: both send numbered pictures."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from appliance.dialers.api import Call, Dialer, LocalTracks
from appliance.media.capture.i420 import plane
from appliance.media.receive.track_follower import TrackFollower
from tests.code_picture import GUEST, SITE, Code, frame, read, write_recording
from tests.code_sound import GUEST_HERTZ, SITE_HERTZ, write_beeps
from tests.dialers.sip.calls.server import Server
from tests.media.local_tracks import NumberedVideo, Tone
from tests.peers.sip.asterisk_files import ENCRYPTED, PASSWORD, SESSION_S

GRACE_S = 150.0
"""For a machine that is busy: starting Python, dialling, and taking a recording apart."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the program printed, its exit code and log, and whose pictures it kept, by number."""

    said: dict[str, Any]
    code: int
    log: str
    seen: dict[int, set[int]]

    @property
    def figures(self) -> dict[str, Any]:
        """What is worth printing."""
        video, audio = self.said["video"], self.said["audio"]
        return {
            "connected_s": self.said["connected_s"],
            "first_picture_s": self.said["first_picture_s"],
            "pictures": f"{video['sent_frames']} out, {video['received_frames']} in",
            "different_of_the_other": len(self.seen.get(GUEST, ())),
            "sound_s": f"{audio['sent_s']} out, {audio['received_s']} in",
            "lost_packets": video["lost_packets"] + audio["lost_packets"],
            "rtt_ms": self.said["rtt_ms"],
        }


def site_file(folder: Path, server: Server, user: str, *, password: str = PASSWORD) -> Path:
    """A site of that account, and its password beside it."""
    (folder / "password").write_text(f"{password}\n")
    encryption = "required" if user.startswith(ENCRYPTED) else "off"
    file = folder / "site.toml"
    file.write_text(
        '[site]\nid = "ia-kly"\nname = "Xã Ia Kly"\n[agenda]\nurl = "/none.ics"\n'
        f'[call]\nca = "{server.authority}"\n'
        f'[sip]\nuser = "{user}"\npassword_file = "{folder}/password"\n'
        f'encryption = "{encryption}"\nsession = {SESSION_S}\n'
    )
    return file


async def dial(folder: Path, address: str, site: Path, seconds: float) -> Result:
    """Dial as that site, with numbered pictures and a tone, and keep what comes."""
    picture = await asyncio.to_thread(write_recording, folder / "camera.mp4", SITE)
    sound = write_beeps(folder / "microphone.wav", SITE_HERTZ)
    command = (
        *(sys.executable, "-m", "services.command", "dial", address, "--json"),
        *("--camera", str(picture), "--microphone", str(sound)),
        *("--record", str(folder / "kept.mkv")),
        *("--site", str(site), "--seconds", str(seconds)),
    )
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds + GRACE_S):
            out, log = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out, log.decode()
    seen = await asyncio.to_thread(_seen, folder / "kept.mkv")
    return Result(json.loads(out), process.returncode or 0, log.decode(), seen)


def _seen(recording: Path) -> dict[int, set[int]]:
    """The numbers of the pictures that were kept, by who sent them; none without any."""
    found: dict[int, set[int]] = {}
    try:
        with av.open(str(recording)) as file:
            for one in file.decode(video=0):
                code = read(one.to_ndarray(format="gray").astype(np.uint8, copy=False))
                if code is not None:
                    found.setdefault(code.who, set()).add(code.number)
    except (av.FFmpegError, IndexError):
        pass
    return found


@dataclass
class Guest:
    """The other one in the conference: ``seen`` are the site's pictures that reached it."""

    call: Call
    seen: set[int] = field(default_factory=set)

    def look(self, picture: av.VideoFrame) -> None:
        code = read(plane(picture, 0))
        if code is not None and code.who == SITE:
            self.seen.add(code.number)


@asynccontextmanager
async def guest(dialer: Dialer, address: str) -> AsyncIterator[Guest]:
    """Somebody else is in the conference the whole time."""
    video = NumberedVideo(paint=lambda number: frame(Code(GUEST, number % 1024), (640, 360)))
    call = await dialer.dial(address, LocalTracks(video, Tone(GUEST_HERTZ)), name="Khách")
    one = Guest(call)
    picture, sound = TrackFollower(one.look), TrackFollower(lambda _: None)
    picture.choose(call.video)
    sound.choose(call.audio)
    tasks = [asyncio.create_task(picture.run()), asyncio.create_task(sound.run())]
    try:
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await call.hang_up()
