"""The statistics of a call: of all its tracks, those that are over too, and never fewer."""

import asyncio
import time

import pytest

from appliance.core.scenes import LineQuality
from appliance.dialers.api import AudioStatistics, CallStatistics, VideoStatistics
from appliance.dialers.stats import Measure
from appliance.media.jitter.packets import Packet
from appliance.media.receive.audio import FarAudio
from appliance.media.receive.track import FarTrack
from appliance.media.receive.video import FarVideo
from appliance.media.webrtc.connection import connection
from services.endpoint.call.quality import Quality

SILENCE = b"\xf8\xff\xfe"  # 20 ms of Opus (RFC 6716 section 3.1): CELT, one frame


def heard(count: int) -> FarAudio:
    """A far sound of which so many packets came."""
    track = FarAudio()
    for number in range(count):
        packet = Packet(number, number * 960, SILENCE, ssrc=7)
        track.feed(packet, "opus", 48000, time.monotonic())
    return track


def seen(count: int) -> FarVideo:
    """A far picture of which packets came and never a whole one."""
    track = FarVideo()
    for number in range(count):
        packet = Packet(number, 0, b"\x41" + b"x" * 99, ssrc=9)
        track.feed(packet, "H264", 90000, time.monotonic())
    return track


async def test_what_came_on_all_tracks_is_added_up_and_a_track_counts_once() -> None:
    measure = Measure(time.monotonic())
    sound, picture = heard(30), seen(20)
    for track in (sound, picture, sound):
        measure.hears(track)
    found = measure.statistics()
    assert found.received_packets == 50
    assert (found.audio.codec, found.video.codec) == ("opus", "H264")
    for track in (sound, picture):
        measure.forgets(track)
        measure.forgets(track)
        track.stop()
    assert measure.statistics().received_packets == 50


async def test_a_picture_that_never_came_is_no_sound_when_it_is_over() -> None:
    measure = Measure(time.monotonic())
    picture = seen(20)
    measure.hears(picture)
    measure.forgets(picture)
    picture.stop()
    found = measure.statistics()
    assert (found.video.codec, found.audio.codec) == ("H264", "")
    assert found.audio == AudioStatistics()


async def test_however_often_a_subscription_is_lost_no_count_goes_back() -> None:
    """The line is judged by what is new: a count that went back made it unknown for an hour."""
    measure, quality = Measure(time.monotonic()), Quality()
    lines = []
    for number in range(1, 101):
        track: FarTrack = heard(100)
        measure.hears(track)
        measure.forgets(track)
        track.stop()
        found = measure.statistics()
        assert found.received_packets == number * 100
        lines.append(quality.of(found))
    assert set(lines) == {LineQuality.GOOD}


async def test_rates_stand_still_when_the_call_is_over_and_times_count_from_the_dialling() -> None:
    begun = time.monotonic() - 10.0
    measure = Measure(begun)
    assert measure.statistics().connected_s is None
    pc = connection()
    measure.sends(pc)
    sound = heard(500)
    measure.hears(sound)
    await measure.finish()
    found = measure.statistics()
    assert found.connected_s == pytest.approx(10.0, abs=1.0)
    assert found.first_picture_s is None
    assert (found.rtt_ms, found.sent_kbps, found.video.sent_frames) == (None, 0.0, 0)
    assert found.received_kbps > 0
    await asyncio.sleep(0)
    assert measure.statistics().received_kbps == found.received_kbps
    sound.stop()
    await pc.close()


def test_media_flowed_where_something_went_each_way() -> None:
    for sent in (VideoStatistics(sent_frames=1), VideoStatistics()):
        for received in (AudioStatistics(received_s=0.02), AudioStatistics()):
            call = CallStatistics(video=sent, audio=received)
            assert call.flowed is (sent.sent_frames > 0 and received.received_s > 0)
    lost = CallStatistics(
        video=VideoStatistics(lost_packets=3), audio=AudioStatistics(lost_packets=4)
    )
    assert lost.lost_packets == 7
