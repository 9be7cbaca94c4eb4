"""Two media sessions face to face: pictures counted, tones heard, plain and encrypted."""

import asyncio
import gc
import logging
import re

import psutil
import pytest

from appliance.dialers.api import LocalTracks
from appliance.dialers.sip.media_session import DtmfByInfo, DtmfError, MediaSession
from appliance.dialers.sip.sdp.description import SdpError
from appliance.dialers.sip.sdp.offer_lines import Encryption
from appliance.media.capture.camera import Camera
from appliance.media.capture.local_audio import LocalAudio
from appliance.media.capture.local_video import LocalVideo
from appliance.media.capture.microphone import Microphone
from tests.dialers.sip.media_pair import HOST, End, agree, end, media_flow, media_pair, until
from tests.dialers.sip.relay import Relay
from tests.dialers.sip.sdp.recorded import offer
from tests.media.local_tracks import NumberedVideo, Tone

OFF, OPTIONAL, REQUIRED = Encryption.OFF, Encryption.OPTIONAL, Encryption.REQUIRED


@pytest.mark.parametrize(
    ("one", "other", "encrypted"),
    [
        (OFF, OFF, False),
        (REQUIRED, REQUIRED, True),
        (OPTIONAL, REQUIRED, True),
        (OPTIONAL, OFF, False),
    ],
)
async def test_both_see_and_hear(one: Encryption, other: Encryption, encrypted: bool) -> None:
    async with media_pair(one, other) as (a, b):
        assert a.session.encrypted is b.session.encrypted is encrypted
        await media_flow(a, b)
        await until(lambda: a.session.statistics().rtt_ms is not None, "a round trip")
        statistics = a.session.statistics()
        assert statistics.flowed
        assert statistics.video.codec == "H264"
        assert statistics.audio.codec == "G722"
        assert (statistics.video.width, statistics.video.height) == (640, 360)
        assert statistics.first_picture_s is not None
        assert statistics.sent_kbps > 0
        assert statistics.received_kbps > 0


def only(*numbers: int) -> tuple[str, str]:
    """The formats of our own offer's sound line, and those of them that are left."""
    return "RTP/AVP 9 98 8 0 101 102", "RTP/AVP " + " ".join(map(str, numbers))


@pytest.mark.parametrize(("number", "name"), [(9, "G722"), (98, "opus"), (8, "PCMA"), (0, "PCMU")])
async def test_each_kind_of_sound(number: int, name: str) -> None:
    async with media_pair(offer=lambda sdp: sdp.replace(*only(number))) as (a, b):
        await media_flow(a, b)
        assert a.session.statistics().audio.codec == name


async def test_pictures_in_mode_0_are_cut_into_slices() -> None:
    camera = Camera("lavfi:testsrc2=size=1280x720:rate=30", (1280, 720), 30)
    camera.open()
    video = LocalVideo(camera)
    far = end(OFF)
    near = LocalTracks(video, Tone())
    session = MediaSession(near, encryption=OFF, name="x", on_keyframe_wanted=lambda: None)
    try:
        await session.open(HOST)
        await far.session.open(HOST)
        assert not video.sliced
        words = far.session.offer().replace("RTP/AVP 99 100", "RTP/AVP 100")
        far.session.accept(session.answer(words))
        far.watch()
        assert video.sliced
        await until(lambda: len(far.numbers) > 30, "thirty pictures of slices")
        assert far.session.statistics().video.width == 1280
    finally:
        await session.close()
        await far.close()
        assert await asyncio.to_thread(camera.close)


async def test_sound_in_another_codec_in_mid_call() -> None:
    async with media_pair() as (a, b):
        await media_flow(a, b)
        c = end(OFF, first=20_000, hertz=1320.0)
        try:
            await c.session.open(HOST)
            agree(c, a, offer=lambda sdp: sdp.replace(*only(8)))
            c.watch()
            await until(lambda: a.hears(1320.0) and c.hears(440.0), "both tones by A-law")
            assert a.session.statistics().audio.codec == "PCMA"
        finally:
            await c.close()


async def test_hold_and_resume_by_the_far_end() -> None:
    async with media_pair() as (a, b):
        await media_flow(a, b)
        agree(b, a, offer=lambda sdp: sdp.replace("a=sendrecv", "a=sendonly"))
        a.sound.clear()
        b.sound.clear()
        sent = a.session.statistics()
        taken = a.video.sent
        await until(lambda: len(a.sound) >= 25 and a.hears(880.0), "b's sound goes on")
        await until(lambda: a.video.sent > taken + 10, "ten more pictures of our camera")
        now = a.session.statistics()
        assert now.video.sent_frames == sent.video.sent_frames
        assert now.audio.sent_s == sent.audio.sent_s
        assert a.session.offer().count("a=sendrecv") == 2, "ours says what we want, held or not"
        agree(b, a)
        b.sound.clear()
        await media_flow(a, b)


async def test_a_refresh_changes_nothing() -> None:
    async with media_pair(REQUIRED, REQUIRED) as (a, b):
        agree(b, a)  # from here on both say what they have in common
        first, reply = a.session.offer(), b.session.offer()
        tracks = (a.session.video, a.session.audio)
        for _ in range(3):
            agree(a, b)
            agree(b, a)
        assert (a.session.offer(), b.session.offer()) == (first, reply)
        assert (a.session.video, a.session.audio) == tracks
        await media_flow(a, b)


async def test_slides_come_and_go() -> None:
    a = end(OFF)
    changes: list[bool] = []
    try:
        await a.session.open(HOST)
        a.session.changed = lambda: changes.append(a.session.content is not None)
        a.session.answer(offer("polycom-rmx-entry-queue").replace("SAVP", "AVP"))
        assert a.session.content is not None
        first = a.session.content
        a.session.answer(offer("polycom-group-500"))
        assert a.session.content is None
        assert first.readyState == "ended"
        text = a.session.answer(offer("polycom-rmx-content-reinvite"))
        assert a.session.content is not None
        assert a.session.content.readyState == "live"
        assert changes == [True, False, True]
        assert "a=content:slides" in text
        # a slide deck that is refused later keeps its line
        assert a.session.offer().count("m=") == 5
    finally:
        await a.close()


async def test_keys_are_heard_in_their_order_and_sound_goes_on() -> None:
    async with media_pair() as (a, b):
        await media_flow(a, b)
        await a.session.send_dtmf("1234#")
        await until(lambda: "".join(b.keys) == "1234#", "five keys")
        await asyncio.gather(a.session.send_dtmf("*6"), b.session.send_dtmf("99"))
        await until(lambda: "".join(b.keys) == "1234#*6", "mute")
        await until(lambda: "".join(a.keys) == "99", "request to speak")
        b.sound.clear()
        await until(lambda: b.hears(440.0), "the tone after the keys")
        with pytest.raises(DtmfError, match="'X' is no telephone key"):
            await a.session.send_dtmf("x")


async def test_a_far_end_without_telephone_events() -> None:
    async with media_pair(offer=lambda sdp: sdp.replace(*only(9))) as (a, _):
        with pytest.raises(DtmfByInfo):
            await a.session.send_dtmf("99")


async def test_what_is_refused_changes_nothing() -> None:
    async with media_pair(REQUIRED, REQUIRED) as (a, b):
        await media_flow(a, b)
        before = a.session.offer()
        for words, says in [
            (offer("polycom-group-500"), "offers none"),
            ("rubbish", "no media line"),
        ]:
            with pytest.raises(SdpError, match=says):
                a.session.answer(words)
        with pytest.raises(SdpError):
            a.session.accept(before.replace("m=audio", "m=text").replace("inline:", "x"))
        assert a.session.offer() == before
        a.sound.clear()
        await until(lambda: a.hears(880.0), "the tone")


async def test_before_the_ports_are_open() -> None:
    made = end(OFF)
    with pytest.raises(SdpError, match="not open"):
        made.session.offer()
    with pytest.raises(SdpError, match="nothing had been offered"):
        made.session.accept(offer("asterisk-22"))
    with pytest.raises(DtmfByInfo):
        await made.session.send_dtmf("1")
    await made.close()
    await made.close()


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_master_key_identifier_as_an_rmx_sends_it(signalled: bool) -> None:
    relay = await Relay(rewrite=lambda data: data[:-10] + b"\0\0\0\1" + data[-10:]).open()

    def answered(sdp: str) -> str:
        sdp = relay.answered(sdp, "video")
        return re.sub(r"(inline:\S+)", r"\1|2^31|1:4", sdp) if signalled else sdp

    try:
        async with media_pair(
            REQUIRED, REQUIRED, offer=lambda sdp: relay.offered(sdp, "video"), answer=answered
        ) as (a, b):
            await media_flow(a, b)
    finally:
        relay.close()


async def test_no_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with media_pair(REQUIRED, REQUIRED) as (a, b):
        await media_flow(a, b)
        words = a.session.offer() + b.session.offer()
        agree(b, a)
        keys = set(re.findall(r"inline:(\S+)", words))
    assert len(keys) >= 4
    assert not [key for key in keys if key[:16] in caplog.text]
    assert not [key for key in keys if key[:16] in repr(vars(a.session))]


async def test_a_microphone_is_told_what_to_deliver() -> None:
    microphone = Microphone("lavfi:sine=frequency=620:sample_rate=48000")
    microphone.open()
    microphone.live = True
    audio = LocalAudio(microphone)
    near = LocalTracks(NumberedVideo(), audio)
    session = MediaSession(near, encryption=OFF, name="x", on_keyframe_wanted=lambda: None)
    far = end(OFF)
    one = End(near.video, far.audio, session)  # type: ignore[arg-type]
    try:
        await session.open(HOST)
        await far.session.open(HOST)
        assert audio.codec == "opus"
        agree(one, far)
        far.watch()
        assert audio.codec == "pcm"
        await until(lambda: far.hears(620.0), "the microphone")
        agree(one, far)
    finally:
        await session.close()
        await far.close()
        assert await asyncio.to_thread(microphone.close)
    assert audio.readyState == "ended"


async def test_nothing_is_left_after_many_calls() -> None:
    process = psutil.Process()

    def ours() -> set[str]:
        return {t.get_name() for t in asyncio.all_tasks() if t is not asyncio.current_task()}

    async def call() -> None:
        async with media_pair(REQUIRED, REQUIRED) as (a, b):
            await until(lambda: bool(a.numbers and b.numbers), "a picture")

    await call()

    def threads() -> int:
        gc.collect()  # the near tracks' encoders have threads of their own
        return process.num_threads()

    await until(lambda: not ours(), "the first call's tasks gone")
    files, before = process.num_fds(), threads()
    for _ in range(10):
        await call()
    await until(lambda: threads() <= before, "the decoders' threads gone")
    await until(lambda: not ours(), f"the tasks gone: {ours()}")
    await until(lambda: process.num_fds() <= files, "the sockets closed")
