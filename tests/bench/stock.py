"""aiortc's own receiver on two UDP ports, untouched: what ours is measured beside."""

import asyncio
import struct
import time
from typing import Any, cast

from aiortc import RTCRtpReceiver
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import RtcpPacket, RtpPacket, is_rtcp

from appliance.media.plain_rtp import RtpPath

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


class Stock:
    """A receiver of one payload type; `path` is opened and aimed by whoever makes it."""

    def __init__(self, kind: str, payload_type: int, codec: str, rate: int) -> None:
        self.path = RtpPath(self)
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
        await self._receiver.receive(self._parameters)
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
                await private._handle_rtp_packet(item, arrival_time_ms=int(time.time() * 1000))
                continue
            try:
                for packet in RtcpPacket.parse(item):
                    await private._handle_rtcp_packet(packet)
            except (ValueError, struct.error):
                continue
