"""Who listens gets a picture to begin with, however often the publisher has to be asked."""

from services.room.media.descriptions import AcceptedLine
from services.room.media.rewrite import Incoming
from services.room.media.sink import Sink
from services.room.media.source import MIN_KEYFRAME_INTERVAL_S, Source
from services.room.media.transport import Transport

KEYFRAME, SLICE = bytes([0x65, 1, 2]), bytes([0x61, 1, 2])


async def nothing(_: object) -> None:
    """Takes whatever comes."""


def packet(sequence: int, payload: bytes) -> Incoming:
    return Incoming(True, 102, sequence, 3000 * sequence, 5, payload)


async def test_a_listener_who_has_seen_nothing_is_asked_for_until_a_picture_comes() -> None:
    source = Source(AcceptedLine("0", "video", 102, "h264", 5, 90000), feed=7, ssrc=5)
    sink = Sink("0", "video", Transport(nothing, nothing, controlling=True), feed=7)
    source.sinks.append(sink)
    assert not source.take_keyframe_request(0.0), "its path does not stand yet"
    sink.transport.connected.set()
    source.request_keyframe()
    assert source.take_keyframe_request(1.0)
    assert not source.take_keyframe_request(1.0 + MIN_KEYFRAME_INTERVAL_S / 2)
    await source.receive(packet(1, SLICE), 1.1)
    assert source.take_keyframe_request(1.2 + MIN_KEYFRAME_INTERVAL_S), (
        "the sender took two for one"
    )
    await source.receive(packet(2, KEYFRAME), 1.8)
    assert not source.take_keyframe_request(9.0)
    sink.paused = True
    sink.stream.restart()
    assert not source.take_keyframe_request(10.0), "nobody looks"
    sink.paused = False
    assert source.take_keyframe_request(11.0)
