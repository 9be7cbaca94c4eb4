"""Which dialer an address goes to; one that is for none is refused with our tracks stopped."""

import asyncio
import ssl
from pathlib import Path

import pytest
from aiortc import AudioStreamTrack, VideoStreamTrack

from appliance.base.config import SipChoices
from appliance.core.end_reasons import EndReason
from appliance.dialers.api import DialError, LocalTracks
from appliance.dialers.loopback import LoopbackDialer
from appliance.dialers.on_demand import OnDemandDialer
from appliance.dialers.registry import Dialers, dialers
from appliance.dialers.sip.dialer import SipDialer


def near() -> LocalTracks:
    return LocalTracks(VideoStreamTrack(), AudioStreamTrack())


def stopped(tracks: LocalTracks) -> bool:
    return tracks.video.readyState == tracks.audio.readyState == "ended"


def test_each_scheme_has_the_dialer_that_says_so() -> None:
    found = dialers()
    assert {"loopback", "sip", "sips"} <= set(found)
    assert isinstance(found["loopback"], LoopbackDialer)
    assert all(scheme in dialer.schemes for scheme, dialer in found.items())
    assert Dialers().schemes == frozenset(found)
    assert found["sip"].schemes == SipDialer.schemes


def test_sip_is_loaded_at_the_start_for_a_site_that_a_server_knows() -> None:
    assert isinstance(dialers(sip=SipChoices(user="ia-kly"))["sip"], SipDialer)
    assert isinstance(dialers(sip=SipChoices())["sip"], OnDemandDialer)


async def test_a_dialer_is_loaded_once_and_stops_our_tracks_where_it_cannot_be() -> None:
    loaded: list[LoopbackDialer] = []

    def load() -> LoopbackDialer:
        loaded.append(LoopbackDialer())
        return loaded[-1]

    dialer = OnDemandDialer(frozenset({"loopback"}), load)
    assert not loaded
    calls = await asyncio.gather(
        *(dialer.dial("loopback:", near(), name="Xã Ia Kly") for _ in range(2))
    )
    assert len(loaded) == 1
    for call in calls:
        await call.hang_up()

    def fail() -> LoopbackDialer:
        raise ImportError("no such library")

    tracks = near()
    with pytest.raises(ImportError):
        await OnDemandDialer(frozenset({"x"}), fail).dial("x:", tracks, name="Xã Ia Kly")
    assert stopped(tracks)


@pytest.mark.parametrize(
    "address", ["https://meet.example/x", "", "ia-kly", f"{'x' * 99}:y", "://"]
)
async def test_an_address_of_no_dialer_is_refused_with_what_there_is(address: str) -> None:
    tracks = near()
    with pytest.raises(DialError, match="there are janus") as refused:
        await Dialers().dial(address, tracks, name="Xã Ia Kly")
    assert refused.value.reason is EndReason.BAD_ADDRESS
    assert "loopback:" in refused.value.detail
    assert "x" * 41 not in refused.value.detail
    assert stopped(tracks)


@pytest.mark.parametrize(
    "address", ["sip:", "janus+wss://", "janus+wss://x/janus", "sip:a b@mcu.example"]
)
async def test_an_address_that_its_own_dialer_cannot_take_leaves_no_track_open(
    address: str,
) -> None:
    tracks = near()
    with pytest.raises(DialError) as refused:
        await Dialers(deadline_s=1.0).dial(address, tracks, name="Xã Ia Kly")
    assert refused.value.reason is EndReason.BAD_ADDRESS
    assert stopped(tracks)


async def test_a_loopback_confirms_a_hand_and_is_left_once_whatever_its_case() -> None:
    tracks = near()
    call = await Dialers().dial("  LOOPBACK:", tracks, name="Xã Ia Kly")
    assert (call.floor.speaker, call.floor.hand_confirmed, call.floor.given) == (
        "Xã Ia Kly", False, False,
    )  # fmt: skip
    assert call.video is not None
    assert call.audio is not None
    await call.set_hand(True)
    assert call.floor.hand_confirmed
    await call.set_hand(False)
    assert not call.floor.hand_confirmed
    for _ in range(2):
        await call.hang_up()
    assert (call.ended, call.video, call.audio) == (EndReason.OURS, None, None)
    assert call.statistics().connected_s is not None
    assert stopped(tracks)


def test_an_authority_that_is_none_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Dialers(str(tmp_path / "nothing.pem"))
    (tmp_path / "broken.pem").write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        Dialers(str(tmp_path / "broken.pem"))
