"""VLC's threads call Python often: each keeps Python's state as long as its stream lasts."""

import ctypes
import threading
import time

import vlc

from appliance.media.tv.imem import MRL, Block, Memory, VlcInput

BLOCK = ctypes.create_string_buffer(1920)
BLOCKS = 5
OPTIONS = (":imem-cat=1", ":imem-codec=s16l", ":imem-channels=2", ":imem-samplerate=48000")
WITHIN_S = 10.0


class Stream:
    """Silence that ends by itself, and notes whether its thread still knew what it was told."""

    def __init__(self) -> None:
        self.thread = threading.local()
        self.known: list[bool] = []
        self.ended = threading.Event()
        self.endless = False
        self.input = VlcInput(self._fill, self._next_block)

    def on_log(self, _data: int, _level: int, _ctx: object, text: bytes, _values: int) -> None:
        self.input.on_log_message(text)

    def _note(self) -> None:
        self.known.append(hasattr(self.thread, "told"))
        self.thread.told = True

    def _fill(self) -> Memory:
        self._note()
        return ctypes.addressof(BLOCK), len(BLOCK)

    def _next_block(self) -> Block | None:
        self._note()
        if len(self.known) > BLOCKS and not self.endless:
            self.ended.set()
            return None
        return ctypes.addressof(BLOCK), len(BLOCK), time.monotonic() + 0.05


def play(instance: vlc.Instance, stream: Stream) -> None:
    media = instance.media_new(MRL)
    for option in (*OPTIONS, *stream.input.options()):
        media.add_option(option)
    player = instance.media_player_new()
    player.set_media(media)
    player.play()
    assert stream.ended.wait(WITHIN_S)
    player.stop()


def test_a_stream_that_vlc_stops_between_two_calls_harms_none_that_follows() -> None:
    """VLC's next thread often has the number of the last; its state was let go twice: a crash."""
    instance = vlc.Instance(["--aout=adummy", "--no-video", "--codec=araw,none", "--no-lua"])
    stream = Stream()
    log = vlc.CallbackDecorators.LogCb(stream.on_log)
    instance.log_set(log, None)
    media = instance.media_new(MRL)
    for option in (*OPTIONS, *stream.input.options()):
        media.add_option(option)
    player = instance.media_player_new()
    player.set_media(media)
    for number in range(16):
        stream.endless, calls = number % 2 == 0, len(stream.known)
        stream.ended.clear()
        player.play()
        until = time.monotonic() + WITHIN_S
        while len(stream.known) < calls + BLOCKS and not stream.ended.is_set():
            assert time.monotonic() < until
            time.sleep(0.01)
        player.stop()
        stream.input.begin_again()
    instance.log_unset()
    instance.release()


def test_a_thread_keeps_its_state_from_call_to_call_and_each_stream_has_its_own() -> None:
    instance = vlc.Instance(["--aout=adummy", "--no-video", "--codec=araw,none", "--no-lua"])
    for _ in range(2):
        stream = Stream()
        log = vlc.CallbackDecorators.LogCb(stream.on_log)
        instance.log_set(log, None)
        play(instance, stream)
        # Made anew for each call, nothing that a thread was told would be there at its next.
        assert not stream.known[0] and all(stream.known[1:]), stream.known
        instance.log_unset()
    instance.release()
