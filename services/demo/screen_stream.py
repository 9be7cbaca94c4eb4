"""The site's TV as a stream that any browser plays, from its real pixels."""

import asyncio
import io
from collections.abc import AsyncIterator

from PIL import Image

from services.demo.virtual import VirtualTv

RATE_HZ = 12.0
"""Pictures a second: enough to see that it moves; the JPEGs are the demo's largest cost."""
QUALITY = 75
BOUNDARY = "frame"
SOUND_RATE = 48_000
CHUNK_BYTES = SOUND_RATE * 4 // 10


async def pictures(tv: VirtualTv) -> AsyncIterator[bytes]:
    """Parts of a multipart/x-mixed-replace answer, until the client goes away."""
    while True:
        picture = await asyncio.to_thread(photograph, tv)
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
        yield head.encode() + b"\r\n\r\n" + picture + b"\r\n"
        await asyncio.sleep(1 / RATE_HZ)


def photograph(tv: VirtualTv) -> bytes:
    """The TV as it is now, as JPEG."""
    made = io.BytesIO()
    Image.fromarray(tv.grab()).save(made, "jpeg", quality=QUALITY)
    return made.getvalue()


async def sound(tv: VirtualTv) -> AsyncIterator[bytes]:
    """An endless WAV of what the TV's loudspeaker plays, until the client goes away."""
    child = await asyncio.create_subprocess_exec(
        "parec", "--raw", "--format=s16le", f"--rate={SOUND_RATE}", "--channels=2",
        "--latency-msec=50", "--device=tv.monitor",
        stdout=asyncio.subprocess.PIPE, env=tv.environment,
    )  # fmt: skip
    try:
        yield _endless_wav_header()
        while child.stdout is not None and (piece := await child.stdout.read(CHUNK_BYTES)):
            yield piece
    finally:
        child.kill()
        await child.wait()


def _endless_wav_header() -> bytes:
    """RIFF with the largest sizes there are: players take it as a stream."""
    size = (0xFFFFFFFF).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") + (2).to_bytes(2, "little")
    form += SOUND_RATE.to_bytes(4, "little") + (SOUND_RATE * 4).to_bytes(4, "little")
    form += (4).to_bytes(2, "little") + (16).to_bytes(2, "little")
    return b"RIFF" + size + b"WAVEfmt " + (16).to_bytes(4, "little") + form + b"data" + size
