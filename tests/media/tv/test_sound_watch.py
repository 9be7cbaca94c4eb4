"""When the TV's process is ended so that people hear it: the sound moved, or its card came late."""

import asyncio
import subprocess
import time
from collections.abc import Iterator

import numpy as np
import pytest

from appliance.media.tv.sound_watch import SILENT_S, SoundWatch
from appliance.media.tv.television import Television
from hardware.vitals.tv_sound import SoundPath
from tests.tv import VirtualTv, virtual_tv
from tests.tv.marks import burst

TV, TV2 = SoundPath("tv", frozenset({"tv"})), SoundPath("tv2", frozenset({"tv", "tv2"}))
NONE = SoundPath()


def test_a_sound_that_moves_to_another_socket_needs_a_new_process_at_once() -> None:
    assert "tv2" in SoundWatch(TV).restart_reason(TV2, 0.0)
    assert "default" in SoundWatch(TV).restart_reason(NONE, 0.0)
    assert SoundWatch(TV2).restart_reason(TV2, 0.0) == ""


@pytest.mark.parametrize("silent_s", [0.0, SILENT_S - 0.1])
def test_a_card_that_came_late_is_waited_for_a_while(silent_s: float) -> None:
    late = SoundPath("", frozenset({"headset"}))
    assert SoundWatch(NONE).restart_reason(late, silent_s) == ""
    assert "headset" in SoundWatch(NONE).restart_reason(late, SILENT_S)
    assert SoundWatch(late).restart_reason(late, 10 * SILENT_S) == ""


def test_silence_alone_ends_nothing() -> None:
    assert SoundWatch(TV).restart_reason(TV, 10 * SILENT_S) == ""
    assert SoundWatch(TV2).restart_reason(SoundPath("tv2", frozenset()), 10 * SILENT_S) == ""


@pytest.fixture
def two_loudspeakers() -> Iterator[VirtualTv]:
    with virtual_tv((640, 360)) as tv:
        load = ["pactl", "load-module", "module-null-sink", "sink_name=tv2"]
        subprocess.run(load, env=tv.environment, check=True, capture_output=True, timeout=20)
        yield tv


async def test_the_sound_leaves_by_the_other_loudspeaker_once_the_tv_is_there(
    two_loudspeakers: VirtualTv,
) -> None:
    """By PulseAudio, whose sinks stand for the two sockets' cards."""
    tv = two_loudspeakers
    where = SoundPath()
    television = Television((640, 360), environment=tv.environment, sound=lambda: where)
    task = asyncio.create_task(television.run())
    try:
        async with asyncio.timeout(20):
            while television.problem is not None:
                await asyncio.sleep(0.05)
            where = SoundPath("tv2")
            while television.starts < 2 or television.problem is not None:
                await asyncio.sleep(0.05)
            assert await asyncio.to_thread(loudest, tv, television) > 1000
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10)


def loudest(tv: VirtualTv, television: Television) -> int:
    """The loudest sample of the second loudspeaker while bursts are played, for 10 s at most."""
    command = ["parec", "--raw", "--format=s16le", "--latency-msec=20", "--device=tv2.monitor"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=tv.environment) as listener:
        assert listener.stdout is not None
        try:
            found, until = 0, time.monotonic() + 10
            while found <= 1000 and time.monotonic() < until:
                television.play(burst(0.1).tobytes(), time.monotonic())
                heard = np.frombuffer(listener.stdout.read(9600), np.int16)
                found = max(found, int(np.abs(heard.astype(np.int32)).max()))
            return found
        finally:
            listener.kill()
