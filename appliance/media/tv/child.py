"""The child process that owns libvlc: two players on one clock, one for video, one for audio."""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

import vlc

from appliance.media.tv.audio_queue import RATE
from appliance.media.tv.audio_resync import AudioResync
from appliance.media.tv.imem import MRL, VlcInput
from appliance.media.tv.output import Output
from appliance.media.tv.ring import PictureRing
from appliance.media.tv.vlc_streams import PictureStream, SoundStream

STATUS_INTERVAL_S = 0.25
_STOP_TIMEOUT_S = 2.0
_UNDERFLOW = b"underflow"
_ERROR_LEVEL = 4  # libvlc_log_level
_VERBOSE = "DIEMCAU_TV_VERBOSE" in os.environ
_MAX_MESSAGE_BYTES = 400

_VIDEO_OPTIONS = [":imem-cat=2", ":imem-codec=I420", ":imem-fps=30/1", ":no-audio"]
_AUDIO_OPTIONS = [":imem-cat=1", ":imem-codec=s16l", ":imem-channels=2", f":imem-samplerate={RATE}"]


def main(arguments: list[str]) -> int:
    """Play until the parent closes the control socket; `arguments` come from `television`.

    They are ``WIDTHxHEIGHT RING PICTURES SOUND CONTROL OUTPUT``: the canvas, four file descriptors
    that the parent opened, and the output as JSON.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    with contextlib.suppress(PermissionError):
        # The last link of the chain: a delay here is heard. A unit may forbid it (Nice=).
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    width, height = map(int, arguments[0].split("x"))
    ring_file, *sockets = map(int, arguments[1:5])
    output = Output.from_json(arguments[5])
    for_pictures, for_sound, control = (socket.socket(fileno=file) for file in sockets)
    pictures = PictureStream(PictureRing(width, height, ring_file), for_pictures, output.delay)
    sound = SoundStream(for_sound, output)
    log = _Log(pictures.vlc_input, sound.vlc_input)

    instance = vlc.Instance(output.arguments())
    if instance is None:
        raise RuntimeError(f"libvlc refused its arguments: {output.arguments()}")
    instance.log_set(log.callback, None)
    shape = [f":imem-width={width}", f":imem-height={height}", f":imem-dar={width}:{height}"]
    video = _Player(instance, pictures.vlc_input, [*_VIDEO_OPTIONS, *shape])
    audio = _Player(instance, sound.vlc_input, [*_AUDIO_OPTIONS, ":no-video"])
    if not output.window and output.vout.startswith("xcb"):
        # There is no window manager to make the window full screen: scale it to the screen.
        across, down = _screen_size()
        video.player.video_set_scale(min(across / width, down / height))
    video.player.play()
    audio.player.play()
    resync = AudioResync(time.monotonic())
    try:
        while not _hung_up(control):
            sounded = audio.statistics().played_abuffers
            if resync.needs_restart(log.underflows + sound.behind, sounded, time.monotonic()):
                sound.pause()
                audio.player.stop()
                sound.resume()
                audio.player.play()
            with contextlib.suppress(BlockingIOError):
                control.send(json.dumps(_status(pictures, video, sound, audio, log)).encode())
    except ConnectionError:
        pass  # the parent is gone
    signal.setitimer(signal.ITIMER_REAL, _STOP_TIMEOUT_S)  # VLC may hang in an output that is gone
    video.player.stop()
    audio.player.stop()
    instance.release()
    return 0


def _hung_up(control: socket.socket) -> bool:
    return bool(select.select([control], [], [], STATUS_INTERVAL_S)[0]) and not control.recv(64)


class _Player:
    """One of VLC's players with its one media."""

    def __init__(self, instance: Any, vlc_input: VlcInput, options: list[str]) -> None:
        self.media = instance.media_new(MRL)
        for option in [*options, *vlc_input.options()]:
            self.media.add_option(option)
        self.player = instance.media_player_new()
        self.player.set_media(self.media)

    def statistics(self) -> Any:
        found = vlc.MediaStats()
        self.media.get_stats(found)
        return found


class _Log:
    """Reads VLC's log: the start of its clock for the inputs, its errors for the parent."""

    def __init__(self, *inputs: VlcInput) -> None:
        self.last_error = ""
        self.underflows = 0
        self._inputs = inputs
        self._print = ctypes.CDLL(None).vsnprintf
        self._print.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p]
        self.callback = vlc.CallbackDecorators.LogCb(self._on_message)

    def _on_message(self, _data: int, level: int, _ctx: object, text: bytes, values: int) -> None:
        for vlc_input in self._inputs:
            vlc_input.on_log_message(text)
        self.underflows += text == _UNDERFLOW
        if level >= _ERROR_LEVEL or _VERBOSE:
            room = ctypes.create_string_buffer(_MAX_MESSAGE_BYTES)
            self._print(room, _MAX_MESSAGE_BYTES, text, values)
            line = room.value.decode(errors="replace")
            if level >= _ERROR_LEVEL:
                self.last_error = line
            sys.stderr.write(f"{time.monotonic():.3f} {line}\n")


def _status(
    pictures: PictureStream, video: _Player, sound: SoundStream, audio: _Player, log: _Log
) -> dict[str, Any]:
    seen, heard = video.statistics(), audio.statistics()
    return {
        "shown": pictures.shown,
        "displayed": seen.displayed_pictures,
        "lost": seen.lost_pictures,
        "passed_over": pictures.passed_over,
        "sounded": heard.played_abuffers,
        "slack": sound.queue.slack,
        "dropped": sound.queue.dropped,
        "behind": sound.behind,
        "clock_starts": [pictures.vlc_input.starts, sound.vlc_input.starts],
        "underflows": log.underflows,
        "error": log.last_error,
    }


def _screen_size() -> tuple[int, int]:
    """X's screen in pixels. Raises RuntimeError where there is none."""
    library = ctypes.CDLL("libX11.so.6")
    library.XOpenDisplay.restype = ctypes.c_void_p
    for name in ("XDefaultScreen", "XCloseDisplay"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    for name in ("XDisplayWidth", "XDisplayHeight"):
        getattr(library, name).argtypes = [ctypes.c_void_p, ctypes.c_int]
    display = library.XOpenDisplay(None)
    if not display:
        raise RuntimeError("no X display: is DISPLAY set, and is the server running?")
    try:
        screen = library.XDefaultScreen(display)
        return library.XDisplayWidth(display, screen), library.XDisplayHeight(display, screen)
    finally:
        library.XCloseDisplay(display)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
