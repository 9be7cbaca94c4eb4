"""A handshake whose datagrams are lost: over in a moment, not after OpenSSL's first second."""

import asyncio

import pytest
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsTransport

from appliance.media.webrtc.dtls_handshake import Handshake
from tests.fast_loop import play

OPENSSL_S = 1.0


class Ice:
    """The part of an ICE transport that DTLS uses: datagrams to another one, late or lost."""

    state = "completed"

    def __init__(self, role: str, loses: int, trip_s: float) -> None:
        self.role = role
        self.other = self
        self.sent: list[bytes] = []
        self._loses, self._trip_s = loses, trip_s
        self._here: asyncio.Queue[bytes] = asyncio.Queue()

    async def _send(self, data: bytes) -> None:
        self.sent.append(data)
        if len(self.sent) > self._loses:
            loop = asyncio.get_running_loop()
            loop.call_later(self._trip_s / 2, self.other._here.put_nowait, data)

    async def _recv(self) -> bytes:
        return await self._here.get()


async def handshake(loses: int = 0, trip_s: float = 0.01, *, watched: bool = True) -> Ice:
    """Our end's ICE, which loses its first datagrams; raises TimeoutError where it takes long.

    Our end is the client. OpenSSL's own timer runs by a real clock, so here it never fires.
    """
    near, far = Ice("controlled", loses, trip_s), Ice("controlling", 0, trip_s)
    near.other, far.other = far, near
    certificates = RTCCertificate.generateCertificate(), RTCCertificate.generateCertificate()
    ends = [
        RTCDtlsTransport(ice, [certificate])  # type: ignore[arg-type]
        for ice, certificate in zip((near, far), certificates, strict=True)
    ]
    if watched:
        Handshake(ends[0])
    before = asyncio.all_tasks()
    async with asyncio.timeout(OPENSSL_S):
        await asyncio.gather(
            ends[0].start(ends[1].getLocalParameters()), ends[1].start(ends[0].getLocalParameters())
        )
    assert [end.state for end in ends] == ["connected", "connected"]
    for end in ends:
        await end.stop()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before
    return near


def test_openssl_alone_says_nothing_again_for_a_second() -> None:
    with pytest.raises(TimeoutError):
        play(handshake(1, watched=False))


@pytest.mark.parametrize("loses", [1, 2, 4])
def test_a_flight_that_is_lost_is_said_again(loses: int) -> None:
    near = play(handshake(loses))
    assert len(set(near.sent[: loses + 1])) == 1


def test_a_far_end_that_is_far_away_hears_things_twice_and_does_not_mind() -> None:
    near = play(handshake(trip_s=0.3))
    assert len(near.sent) > len(set(near.sent))


def test_nothing_is_said_again_where_nothing_is_lost() -> None:
    near = play(handshake())
    assert len(near.sent) == len(set(near.sent))
