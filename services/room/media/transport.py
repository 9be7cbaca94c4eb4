"""One participant's media path to the room: ICE and DTLS by aiortc, RTP packets unchanged.

aiortc's peer connection would decode what it receives. A room only forwards packets, so it uses
the layer below, aiortc's ICE and DTLS transports; the two hooks ``_handle_rtp_data`` and
``_handle_rtcp_data`` and the sender ``_send_rtp`` are private names of aiortc, each with a test.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters
from aiortc.rtp import AnyRtcpPacket, RtcpPacket

log = logging.getLogger("diemcau.room")

CONNECT_TIMEOUT_S = 10.0  # ICE and DTLS; a phone on a bad line needs two or three
OnRtp = Callable[[bytes], Awaitable[None]]
OnRtcp = Callable[[list[AnyRtcpPacket]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FarPath:
    """How the far end is reached: the bundle has one path, described in its first usable line."""

    ice: RTCIceParameters
    dtls: RTCDtlsParameters
    candidates: tuple[RTCIceCandidate, ...]
    complete: bool


class _RawDtls(RTCDtlsTransport):
    """aiortc's DTLS-SRTP; passes on decrypted packets instead of decoding them."""

    def __init__(
        self, ice: RTCIceTransport, certificate: RTCCertificate, on_rtp: OnRtp, on_rtcp: OnRtcp
    ) -> None:
        super().__init__(ice, [certificate])
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        await self._on_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        await self._on_rtcp(packets)


class Transport:
    """ICE with host candidates only, then DTLS; ``closed`` is set when the far end is gone.

    ``controlling`` is the ICE role of the offerer (RFC 8445 section 6.1.1). It is set at once,
    since the far end's checks may come before its description.
    """

    def __init__(self, on_rtp: OnRtp, on_rtcp: OnRtcp, *, controlling: bool) -> None:
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._gatherer._connection.ice_controlling = controlling
        self._ice = RTCIceTransport(self._gatherer)
        self._certificate = RTCCertificate.generateCertificate()
        self._dtls = _RawDtls(self._ice, self._certificate, on_rtp, on_rtcp)
        self._dtls.on("statechange", self._watch)
        self._ice.on("statechange", self._watch)
        self.closed = asyncio.Event()
        self.connected = asyncio.Event()
        self._hidden_candidates = False

    @property
    def started(self) -> bool:
        """Whether the far end's side is known already (a renegotiation changes nothing here)."""
        return self._ice.state != "new"

    async def gather(self) -> None:
        """Find our own addresses; host candidates take no time."""
        await self._gatherer.gather()

    def candidates(self) -> list[RTCIceCandidate]:
        """Our own addresses."""
        return self._gatherer.getLocalCandidates()

    def ice_parameters(self) -> RTCIceParameters:
        """User name and password for connectivity checks."""
        return self._gatherer.getLocalParameters()

    def dtls_parameters(self) -> RTCDtlsParameters:
        """Fingerprints of the certificate that this path uses."""
        return self._dtls.getLocalParameters()

    async def add_candidate(self, candidate: RTCIceCandidate | None) -> None:
        """Take one address of the far end; None is the end of the list.

        Browsers hide local addresses behind ``….local`` names that only multicast DNS resolves.
        They reach us at ours, and ICE learns their address from their first check. So such names
        are ignored, and the list is then never declared complete.
        """
        if candidate is not None and candidate.ip.endswith(".local"):
            self._hidden_candidates = True
        elif candidate is not None or not self._hidden_candidates:
            await self._ice.addRemoteCandidate(candidate)

    async def connect(self, path: FarPath) -> bool:
        """Connect to the far end; False when that takes too long.

        ``path.dtls.role`` is the far end's: "client" makes us the server and the reverse.
        """
        for candidate in path.candidates:
            await self.add_candidate(candidate)
        if path.complete:
            await self.add_candidate(None)
        self._dtls._set_role("server" if path.dtls.role == "client" else "client")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._ice.start(path.ice)
                if self._ice.state == "completed":
                    await self._dtls.start(path.dtls)
        except (TimeoutError, ConnectionError) as error:
            log.info("room: no path to the far end: %s", error or "time is up")
        if self._dtls.state != "connected":
            self.closed.set()
            return False
        self.connected.set()
        return True

    async def send(self, data: bytes) -> None:
        """Encrypt and send one RTP or RTCP packet; a dead path drops it."""
        try:
            await self._dtls._send_rtp(data)
        except (ConnectionError, OSError):
            return

    async def close(self) -> None:
        """Send DTLS close_notify and free the port."""
        self.closed.set()
        await self._dtls.stop()
        await self._ice.stop()

    def _watch(self) -> None:
        if self._dtls.state in ("closed", "failed") or self._ice.state in ("closed", "failed"):
            self.closed.set()
