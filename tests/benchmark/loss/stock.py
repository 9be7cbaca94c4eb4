"""aiortc's own receiver, which ours is measured beside: its jitter buffer, NACK, PLI, decoders.

Only its decoder's thread works in place, since threads keep no virtual time.
"""

import asyncio
import queue
import struct
from collections.abc import Callable
from typing import Any, cast

import av
from aiortc import RTCRtpReceiver
from aiortc.codecs import get_decoder
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import RtcpPacket, RtpPacket, is_rtcp

from appliance.media.rtp.udp_ports import RtpPath
from tests.media.virtual_call import Line

SSRC = 4711


class _Transport:
    """What the receiver wants of a DTLS transport; RTCP goes out by the path."""

    state = "connected"
    _stats_id = "stock"

    def __init__(self, path: RtpPath) -> None:
        self._path = path

    def _get_stats(self) -> dict[str, Any]:
        return {}

    async def _send_rtp(self, data: bytes) -> None:
        self._path.send_rtcp(data)

    def _register_rtp_receiver(self, receiver: Any, parameters: Any) -> None:
        del receiver, parameters

    def _unregister_rtp_receiver(self, receiver: Any) -> None:
        del receiver


class _InPlace:
    """Takes the place of the queue to the decoder's thread; does what `decoder_worker` does."""

    def __init__(self, receiver: Any, track: Any) -> None:
        self._thread: queue.Queue[Any] = receiver._RTCRtpReceiver__decoder_queue
        self._error = receiver._RTCRtpReceiver__decoder_error
        self._frames = track._queue
        self._decoder: Any = None

    def put(self, item: Any) -> None:
        if item is None:
            self._thread.put(None)  # it has nothing to do but to end
            return
        codec, coded = item
        self._decoder = self._decoder or get_decoder(codec)
        try:
            frames = self._decoder.decode(coded)
        except av.FFmpegError:
            self._error.set()
            return
        for frame in frames:
            self._frames.put_nowait(frame)


class Stock:
    """The receiver at the end of a line (`tests.media.virtual_call`)."""

    def __init__(self, line: Line, ask: Callable[[], None]) -> None:
        del ask  # it knows no other way to ask than RTCP
        kind = line.kind
        payload_type, codec, rate = line.codec
        self.path = RtpPath(self, asyncio.get_running_loop().time)
        self._payload_type = payload_type
        self._receiver = RTCRtpReceiver(kind, cast(Any, _Transport(self.path)))
        self.track: MediaStreamTrack = RemoteStreamTrack(kind=kind)
        private: Any = self._receiver
        private._track = self.track
        private._set_rtcp_ssrc(SSRC)
        self._parameters = RTCRtpReceiveParameters(
            codecs=[
                RTCRtpCodecParameters(
                    mimeType=f"{kind}/{codec}", clockRate=rate, payloadType=payload_type
                )
            ]
        )
        self._packets: asyncio.Queue[Any] = asyncio.Queue(4096)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take what comes."""
        private: Any = self._receiver
        await self._receiver.receive(self._parameters)
        private._RTCRtpReceiver__decoder_queue = _InPlace(private, self.track)
        self._task = asyncio.create_task(self._feed())

    async def stop(self) -> None:
        """Take nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._receiver.stop()
        self.path.close()

    def accepts(self, payload_type: int) -> bool:
        return payload_type == self._payload_type

    def take_rtp(self, packet: RtpPacket, now: float) -> None:
        self._packets.put_nowait(packet)

    def take_rtcp(self, compound: bytes, now: float) -> None:
        if is_rtcp(compound):
            self._packets.put_nowait(compound)

    async def _feed(self) -> None:
        private: Any = self._receiver
        while True:
            item = await self._packets.get()
            if isinstance(item, RtpPacket):
                now = asyncio.get_running_loop().time()
                await private._handle_rtp_packet(item, arrival_time_ms=int(now * 1000))
                continue
            try:
                for packet in RtcpPacket.parse(item):
                    await private._handle_rtcp_packet(packet)
            except (ValueError, struct.error):
                continue
