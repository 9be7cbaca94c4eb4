"""Two media sessions face to face: pictures counted, tones heard, plain and encrypted."""

import pytest

from appliance.dialers.sip.encryption import Encryption
from tests.dialers.sip.facing import facing, flows, until

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
    async with facing(one, other) as (a, b):
        assert a.session.encrypted is b.session.encrypted is encrypted
        await flows(a, b)
        statistics = a.session.statistics()
        assert statistics.flowed
        assert statistics.video.codec == "H264"
        assert statistics.audio.codec == "G722"
        assert (statistics.video.width, statistics.video.height) == (640, 360)
        assert statistics.lost_packets == 0
        assert statistics.first_picture_s is not None
        await until(lambda: a.session.statistics().rtt_ms is not None, "a round trip")
