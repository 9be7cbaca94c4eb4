"""Losses around the point where sequence numbers begin anew can be written and read back."""

from aiortc.rtp import RTCP_RTPFB_NACK, RtcpPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.rtp.nack import rising


def test_the_wrap_makes_two_packets() -> None:
    assert rising([65534, 65535, 0, 1]) == [[65534, 65535], [0, 1]]
    assert rising([]) == []


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=40, unique=True))
def test_whatever_was_lost_is_asked_for(lost: list[int]) -> None:
    asked: list[int] = []
    for run in rising(lost):
        (read,) = RtcpPacket.parse(bytes(RtcpRtpfbPacket(RTCP_RTPFB_NACK, 1, 2, run)))
        assert isinstance(read, RtcpRtpfbPacket)
        asked += read.lost
    assert sorted(asked) == sorted(lost)
