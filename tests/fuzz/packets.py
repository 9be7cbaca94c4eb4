"""RTP packets of any number, time and content into the jitter buffers, which stay small."""

from appliance.media.jitter.audio import MAX_PACKETS, AudioJitterBuffer, Silence, Sound
from appliance.media.jitter.packets import Packet
from appliance.media.jitter.payload_formats import H264, VP8
from appliance.media.jitter.video import MAX_HELD, MAX_SEQUENCE_STEP, VideoJitterBuffer
from appliance.media.rtp.dtmf import DtmfReceiver
from appliance.media.rtp.reception import Reception
from tests.fuzz.choices import Choices

STEPS = (1, 1, 1, 1, 2, 3, 0, -1, 10, 100, 2000, -2000, 30000)
TICKS = (3000, 0, 0, 0, 160, -3000, 90000, 1 << 30, -(1 << 31))
WAITS = (0.0, 0.001, 0.02, 0.07, 0.4, 3.0)
HEADS = (b"", b"\x67", b"\x65", b"\x41", b"\x7c\x87", b"\x7c\x05", b"\x78\0\2\x67\0", b"\x10\0\x9d")
PLAYED = (160, 0, 1, 8000)
REPEATS = (1, 1, 1, 20, 300)


class _Source:
    """Packets as the choices have them."""

    def __init__(self, choices: Choices) -> None:
        self.now = 1000.0
        self._choices = choices
        self._sequence = choices.byte() << 8
        self._timestamp = choices.byte() << 24
        self._ssrc = 1

    def packet(self) -> Packet:
        choices = self._choices
        self.now += choices.pick(WAITS)
        self._sequence = (self._sequence + choices.pick(STEPS)) & 0xFFFF
        self._timestamp = (self._timestamp + choices.pick(TICKS)) & 0xFFFFFFFF
        flags = choices.byte()
        if flags >= 0xF0:
            self._ssrc += 1
        return Packet(
            self._sequence,
            self._timestamp,
            choices.pick(HEADS) + choices.take(flags & 7),
            marker=bool(flags & 8),
            ssrc=self._ssrc,
            repeated=bool(flags & 16),
        )


def pictures(data: bytes) -> None:
    """A video stream."""
    choices = Choices(data)
    jitter = VideoJitterBuffer(choices.pick((H264, VP8)))
    jitter.repairs = bool(choices.byte() & 1)
    source = _Source(choices)
    reception = Reception(90000)
    while choices:
        packet = source.packet()
        for number in range(choices.pick(REPEATS)):
            sequence = (packet.sequence + number) & 0xFFFF
            one = Packet(sequence, packet.timestamp, packet.payload, packet.marker, packet.ssrc)
            for unit in jitter.add(one, source.now):
                assert unit.data
            reception.add(sequence, packet.timestamp, source.now)
        source._sequence = sequence
        jitter.nacks(source.now)
        jitter.wants_keyframe(source.now)
        at = jitter.next_timer()
        assert at is None or at > 0
        assert len(jitter._held) <= MAX_HELD + 1
        assert len(jitter.missing) <= MAX_HELD + MAX_SEQUENCE_STEP
        assert len(jitter._frame.parts) <= MAX_HELD + 1
    block = reception.block(source.now)
    assert 0 <= block.fraction_lost <= 255
    assert block.jitter >= 0


def sounds(data: bytes) -> None:
    """An audio stream, and keys in it."""
    choices = Choices(data)
    jitter, keys = AudioJitterBuffer(choices.pick((8000, 48000))), DtmfReceiver()
    source = _Source(choices)
    while choices:
        packet = source.packet()
        keys.take(packet.payload, packet.timestamp)
        for number in range(choices.pick(REPEATS)):
            sequence = (packet.sequence + number) & 0xFFFF
            jitter.add(
                Packet(sequence, packet.timestamp, packet.payload, packet.marker, packet.ssrc)
            )
        source._sequence = sequence
        assert len(jitter) <= MAX_PACKETS
        for _ in range(choices.byte() % 4):
            item = jitter.take()
            if isinstance(item, Sound):
                jitter.played(choices.pick(PLAYED))
            elif item is not None:
                assert item.length > 0
                assert isinstance(item, Silence) or item.timestamp >= 0
