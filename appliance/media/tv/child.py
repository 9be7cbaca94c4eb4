"""The child process that owns libvlc: two players on one clock, one for light, one for sound."""

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

from appliance.media.tv.feeds import PictureFeed, SoundFeed
from appliance.media.tv.imem import MRL, VlcInput
from appliance.media.tv.output import Output
from appliance.media.tv.ring import PictureRing
from appliance.media.tv.sound_care import SoundCare
from appliance.media.tv.sound_queue import RATE

STATUS_PERIOD = 0.25
_STOP_SECONDS = 2.0
_DRY = b"underflow"
_ERROR = 4  # libvlc_log_level
_VERBOSE = "DIEMCAU_TV_VERBOSE" in os.environ
_MESSAGE_BYTES = 400

_LIGHT = [":imem-cat=2", ":imem-codec=I420", ":imem-fps=30/1", ":no-audio"]
_TONE = [":imem-cat=1", ":imem-codec=s16l", ":imem-channels=2", f":imem-samplerate={RATE}"]


def main(arguments: list[str]) -> int:
    """`WIDTHxHEIGHT RING PICTURES SOUND CONTROL OUTPUT`: numbers of files that the parent opened,
    and the output as JSON. The parent is `television`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    with contextlib.suppress(PermissionError):
        # The last link of all: what is late here is heard. A unit may forbid it (Nice=).
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    width, height = map(int, arguments[0].split("x"))
    ring_file, *sockets = map(int, arguments[1:5])
    output = Output.from_json(arguments[5])
    for_pictures, for_sound, control = (socket.socket(fileno=file) for file in sockets)
    pictures = PictureFeed(PictureRing(width, height, ring_file), for_pictures, output.delay)
    sound = SoundFeed(for_sound, output)
    log = _Log(pictures.feed, sound.feed)

    instance = vlc.Instance(output.arguments())
    if instance is None:
        raise RuntimeError(f"libvlc refused its arguments: {output.arguments()}")
    instance.log_set(log.callback, None)
    shape = [f":imem-width={width}", f":imem-height={height}", f":imem-dar={width}:{height}"]
    light = _Stream(instance, pictures.feed, [*_LIGHT, *shape])
    tone = _Stream(instance, sound.feed, [*_TONE, ":no-video"])
    if not output.window and output.vout.startswith("xcb"):
        # Without a window manager nobody makes a window full screen: it is made as large.
        across, down = _screen_size()
        light.player.video_set_scale(min(across / width, down / height))
    light.player.play()
    tone.player.play()
    care = SoundCare(time.monotonic())
    try:
        while not _hung_up(control):
            sounded = tone.statistics().played_abuffers
            if care.begins_anew(log.underflows + sound.behind, sounded, time.monotonic()):
                sound.pause()
                tone.player.stop()
                sound.resume()
                tone.player.play()
            with contextlib.suppress(BlockingIOError):
                control.send(json.dumps(_status(pictures, light, sound, tone, log)).encode())
    except ConnectionError:
        pass  # the parent is gone
    signal.setitimer(signal.ITIMER_REAL, _STOP_SECONDS)  # VLC may hang in an output that is gone
    light.player.stop()
    tone.player.stop()
    instance.release()
    return 0


def _hung_up(control: socket.socket) -> bool:
    return bool(select.select([control], [], [], STATUS_PERIOD)[0]) and not control.recv(64)


class _Stream:
    """A player of VLC's with its one media."""

    def __init__(self, instance: Any, feed: VlcInput, options: list[str]) -> None:
        self.media = instance.media_new(MRL)
        for option in [*options, *feed.options()]:
            self.media.add_option(option)
        self.player = instance.media_player_new()
        self.player.set_media(self.media)

    def statistics(self) -> Any:
        found = vlc.MediaStats()
        self.media.get_stats(found)
        return found


class _Log:
    """Hears VLC's log: its clock's beginnings for the feeds, its errors for the parent."""

    def __init__(self, *feeds: VlcInput) -> None:
        self.last_error = ""
        self.underflows = 0
        self._feeds = feeds
        self._print = ctypes.CDLL(None).vsnprintf
        self._print.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p]
        self.callback = vlc.CallbackDecorators.LogCb(self._on_message)

    def _on_message(self, _data: int, level: int, _ctx: object, text: bytes, values: int) -> None:
        for feed in self._feeds:
            feed.heard(text)
        self.underflows += text == _DRY
        if level >= _ERROR or _VERBOSE:
            room = ctypes.create_string_buffer(_MESSAGE_BYTES)
            self._print(room, _MESSAGE_BYTES, text, values)
            line = room.value.decode(errors="replace")
            if level >= _ERROR:
                self.last_error = line
            sys.stderr.write(f"{time.monotonic():.3f} {line}\n")


def _status(
    pictures: PictureFeed, light: _Stream, sound: SoundFeed, tone: _Stream, log: _Log
) -> dict[str, Any]:
    seen, heard = light.statistics(), tone.statistics()
    return {
        "shown": pictures.shown,
        "displayed": seen.displayed_pictures,
        "lost": seen.lost_pictures,
        "passed_over": pictures.passed_over,
        "sounded": heard.played_abuffers,
        "slack": sound.queue.slack,
        "dropped": sound.queue.dropped,
        "behind": sound.behind,
        "clock_starts": [pictures.feed.starts, sound.feed.starts],
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
