"""Notices what does not go in a call with agreed media: a picture refused, or never seen."""

from appliance.core.problems import ProblemKey
from appliance.dialers.sip.sdp.offer_lines import Agreed, Role
from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER
from appliance.media.receive.video import FarVideo
from appliance.media.rtp.stream import RtpStream

UNSEEN_S = 6.0  # packets and no picture for so long: keyframes were requested three times and more
MIN_PACKETS = 20  # in that time; a far end that says nothing sends an empty one now and then


class MediaProblems:
    """`found` has each problem with a few words on it; `see` keeps it fresh."""

    def __init__(self, video: RtpStream) -> None:
        self.found: dict[ProblemKey, str] = {}
        self._video = video
        self._agreed: tuple[Agreed, ...] = ()
        self._frames = -1
        self._packets = 0
        self._seen_at = 0.0

    def agree(self, media: tuple[Agreed, ...], now: float) -> None:
        """These are the call's media from now on."""
        self._agreed = media
        self._frames = -1
        self.see(now)

    def see(self, now: float) -> bool:
        """Look again; whether anything is another."""
        told = {ProblemKey.ROOM_CODEC: self._refused(), ProblemKey.FAR_VIDEO: self._unseen(now)}
        before, self.found = self.found, {key: words for key, words in told.items() if words}
        return before != self.found

    def _refused(self) -> str:
        """What the far end does not take of our picture; "" where nothing is."""
        if not self._agreed:
            return ""
        video = next((medium for medium in self._agreed if medium.role is Role.VIDEO), None)
        if video is None:
            return "no picture"
        if video.sending is not None and video.sending.bps < BITRATE_LADDER[-1].leave_bps:
            return f"no more than {video.sending.bps // 1000} kbit/s"
        if self._video.sender is not None and self._video.sender.unfit:
            return "no fragments, and the camera cuts no slices"
        return ""

    def _unseen(self, now: float) -> str:
        """The codec of packets that make no picture; "" where pictures come, or nobody looks."""
        track = self._video.track
        far = track.statistics()
        idle = isinstance(track, FarVideo) and track.asleep
        if far.frames != self._frames or idle:
            self._frames, self._packets, self._seen_at = far.frames, far.packets, now
            return ""
        if now - self._seen_at < UNSEEN_S or far.packets - self._packets < MIN_PACKETS:
            return ""
        return far.codec
