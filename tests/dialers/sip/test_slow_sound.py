"""Keys of a box that has much to do: its sound goes out with gaps, or not at all."""

import asyncio
from typing import Any

import pytest
from aiortc import MediaStreamTrack

from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.media_session import DtmfError, MediaSession
from appliance.dialers.sip.sdp.offer_lines import Encryption
from tests.dialers.sip.media_pair import HOST, end, until
from tests.fast_net import play
from tests.media.local_tracks import NumberedVideo, Tone

KEYS = "724001#"


class SlowTone(Tone):
    """A tone of which 20 ms come each `each_s`; none after `stop`."""

    def __init__(self, each_s: float) -> None:
        super().__init__()
        self._each_s = each_s
        self._goes = asyncio.Event()
        self._goes.set()

    async def recv(self) -> Any:
        await asyncio.sleep(self._each_s)
        await self._goes.wait()
        return await super().recv()

    def hold_still(self) -> None:
        self._goes.clear()

    def go_on(self) -> None:
        self._goes.set()


def session_of(sound: MediaStreamTrack) -> MediaSession:
    near = LocalTracks(NumberedVideo(frames=0), sound)
    return MediaSession(near, encryption=Encryption.OFF, name="x", on_keyframe_wanted=lambda: None)


async def _sent_with_gaps() -> None:
    """An emulated box took 12 s for the keys of an entry queue, and was left before it."""
    session, far = session_of(SlowTone(0.16)), end(Encryption.OFF)
    began = asyncio.get_running_loop().time()
    try:
        await session.open(HOST)
        await far.session.open(HOST)
        far.session.accept(session.answer(far.session.offer()))
        await session.send_dtmf(KEYS)
        assert asyncio.get_running_loop().time() - began > 10.0
        await until(lambda: "".join(far.keys) == KEYS, "all keys in their order")
    finally:
        await session.close()
        await far.close()


async def _no_sound_goes_out() -> None:
    sound = SlowTone(0.02)
    session, far = session_of(sound), end(Encryption.OFF)
    try:
        await session.open(HOST)
        await far.session.open(HOST)
        far.session.accept(session.answer(far.session.offer()))
        sound.hold_still()
        with pytest.raises(DtmfError, match="no sound goes out"):
            await session.send_dtmf(KEYS)
        sound.go_on()
        await session.send_dtmf("99")
        await until(lambda: "".join(far.keys) == "99", "the next keys alone")
    finally:
        await session.close()
        await far.close()


def test_keys_of_a_busy_box_are_sent_with_gaps() -> None:
    play(_sent_with_gaps())


def test_keys_that_nobody_took_along_are_not_sent_later() -> None:
    play(_no_sound_goes_out())
