"""Reads the statistics of a SIP call off its streams."""

import time

from appliance.dialers.api import AudioStatistics, CallStatistics, VideoStatistics
from appliance.media.rtp.stream import RtpStream

FRAME_S = 0.02


def statistics(
    audio: RtpStream,
    video: RtpStream,
    begun: float,
    connected_at: float | None,
    first_picture_at: float | None,
) -> CallStatistics:
    """The times are time.monotonic() seconds; those in the result count from `begun`."""
    heard, seen = audio.track.statistics(), video.track.statistics()
    seconds = 0.0 if connected_at is None else time.monotonic() - connected_at
    sent = audio.path.sent_bytes + video.path.sent_bytes
    trips = [s.sender.round_trip_s for s in (video, audio) if s.sender]
    trip = next((known for known in trips if known is not None), None)
    return CallStatistics(
        connected_s=None if connected_at is None else round(connected_at - begun, 3),
        first_picture_s=None if first_picture_at is None else round(first_picture_at - begun, 3),
        video=VideoStatistics(
            codec=seen.codec or _sending(video),
            sent_frames=video.sender.frames if video.sender else 0,
            received_frames=seen.frames,
            width=seen.width,
            height=seen.height,
            lost_packets=seen.lost_packets,
            freezes=seen.freezes,
        ),
        audio=AudioStatistics(
            codec=heard.codec or _sending(audio),
            sent_s=round((audio.sender.frames if audio.sender else 0) * FRAME_S, 3),
            received_s=round(heard.received_s, 3),
            concealed_s=round(heard.concealed_s, 3),
            lost_packets=heard.lost_packets,
        ),
        rtt_ms=None if trip is None else round(trip * 1e3, 1),
        sent_kbps=_kbps(sent, seconds),
        received_kbps=_kbps(heard.bytes + seen.bytes, seconds),
        received_packets=heard.packets + seen.packets,
    )


def _sending(stream: RtpStream) -> str:
    sending = stream.sender.sending if stream.sender else None
    return "" if sending is None else sending.codec


def _kbps(size: int, seconds: float) -> float:
    return round(size * 8 / seconds / 1000, 1) if seconds > 0 else 0.0
