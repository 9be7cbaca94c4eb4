"""Reader of sound: a microphone, a recording or a tone, as 20 ms blocks of s16 at 48 kHz."""

from __future__ import annotations

from collections.abc import Generator

from av.audio.resampler import AudioResampler

from appliance.media.capture.device import CaptureControl
from appliance.media.capture.ffmpeg_input import is_live, monotonic, open_input, packets
from appliance.media.capture.pacing import Pace
from appliance.media.capture.sources import DeviceGoneError, Source, SourceKind
from appliance.media.formats import AUDIO_RATE, BLOCK_S, BLOCK_SAMPLES


def read_audio(
    source: Source, channels: int, control: CaptureControl
) -> Generator[bytes, None, None]:
    """Blocks of 960 samples a channel, interleaved s16, in real time until the control says stop.

    Recordings are looped. Raises FFmpegError, OSError or DeviceGoneError.
    """
    options = {}
    if source.kind is SourceKind.ALSA:
        options = {"sample_rate": str(AUDIO_RATE), "channels": str(channels)}
    live = is_live(source)
    with open_input(source, options) as container:
        if not container.streams.audio:
            raise DeviceGoneError(f"{source} holds no sound")
        stream = container.streams.audio[0]
        resampler = AudioResampler(
            format="s16",
            layout="mono" if channels == 1 else "stereo",
            rate=AUDIO_RATE,
            frame_size=BLOCK_SAMPLES,
        )
        pace = Pace()
        blocks = 0
        while not control.stopped:
            begun_at = blocks
            for packet in packets(container, stream, control):
                for frame in stream.codec_context.decode(packet):
                    # times are counted here: a loop's jump back would upset the resampler
                    frame.pts = None
                    for part in resampler.resample(frame):
                        now = monotonic()
                        if not live and control.wait(pace.due(blocks * BLOCK_S, now) - now):
                            return
                        blocks += 1
                        yield bytes(part.planes[0])[: BLOCK_SAMPLES * channels * 2]
            if live or blocks == begun_at:
                raise DeviceGoneError(f"{source} ended")
            container.seek(0)
            stream.codec_context.flush_buffers()
