"""Real calls to a real baresip, plain and encrypted, by UDP and TCP."""

from pathlib import Path

import pytest

from appliance.dialers.sip.sdp.offer_lines import Encryption
from tests.code_picture import write_recording
from tests.code_sound import SITE_HERTZ, write_beeps
from tests.dialers.sip.calls.caller import CallTarget, call
from tests.dialers.sip.media_pair import until
from tests.peers.sip.baresip import LASTS_S, baresip


@pytest.mark.real_time
@pytest.mark.parametrize("encryption", [Encryption.OFF, Encryption.REQUIRED])
async def test_both_ways(encryption: Encryption, tmp_path: Path) -> None:
    sound = write_beeps(tmp_path / "sound.wav", SITE_HERTZ, seconds=LASTS_S)
    picture = write_recording(tmp_path / "picture.mp4", 2)
    folder = tmp_path / "baresip"
    folder.mkdir()
    encrypted = encryption is Encryption.REQUIRED
    with baresip(folder, sound=sound, picture=picture, encrypted=encrypted) as far:
        for transport in ("UDP", "TCP"):
            target = CallTarget(transport, 5060, host=far.host)
            async with call(target, "peer", user="site", encryption=encryption) as one:
                assert one.agent.up, one.code
                session = one.end.session
                await until(lambda one=one: len(one.end.numbers) > 30, "thirty pictures")  # type: ignore[misc]
                await until(lambda one=one: one.end.hears(SITE_HERTZ), "its tone")  # type: ignore[misc]
                statistics = session.statistics()
                assert (statistics.audio.codec, statistics.video.codec) == ("G722", "H264")
                assert statistics.lost_packets == 0
                assert session.encrypted == encrypted
        counted = far.said(r"packets:\s+(\d+)\s+(\d+)")
        assert len(counted) == 4
        assert all(int(both) > 20 for line in counted for both in line)
