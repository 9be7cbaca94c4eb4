"""The floor: what the codecs alone cost for the same content, in one process and without a call.

Run as ``python -m tests.benchmark.codecs_alone CLIP``: prints JSON, CPU seconds per second of
media.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance.media.codecs.decoders import AUDIO_DECODERS, VIDEO_DECODERS
from appliance.media.codecs.opus import OpusEncoder
from appliance.media.formats import BLOCK_S, Size
from tests.benchmark.content import FPS, encoded, read_raw
from tests.benchmark.far_tracks import copied
from tests.code_sound import RATE

REPEATS = 3


def cost(work: Callable[[], None], media_s: float) -> float:
    """CPU seconds per second of media; the quickest of some turns."""
    turns = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        turns.append((time.process_time() - began) / media_s)
    return min(turns)


def main(clip: Path) -> None:
    """Picture and sound, once in each direction; the raw pictures lie ready in memory."""
    frames = [copied(frame) for frame in read_raw(clip)]
    size = Size(frames[0].width, frames[0].height)
    units = [bytes(packet) for packet in encoded(frames, size)]
    blocks = [bytes(range(256)) * 15 for _ in range(round(2 / BLOCK_S))]  # 20 ms stereo each
    packets: list[bytes] = []

    def decode() -> None:
        decoder = VIDEO_DECODERS["h264"]()
        for unit in units:
            decoder.decode(unit)

    def encode_sound() -> None:
        opus = OpusEncoder(2)
        packets[:] = [bytes(opus.encode(b, n * RATE // 50)) for n, b in enumerate(blocks)]

    def decode_sound() -> None:
        decoder = AUDIO_DECODERS["opus"]()
        for packet in packets:
            decoder.decode(packet)

    def encode() -> None:
        encoded(frames, size)

    media_s = len(frames) / FPS
    parts = {
        "h264_encode": cost(encode, media_s),
        "h264_decode": cost(decode, media_s),
        "opus": cost(encode_sound, 2.0) + cost(decode_sound, 2.0),
    }
    sys.stdout.write(json.dumps(parts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
