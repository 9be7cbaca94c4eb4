"""Notices what does not go in a call with agreed media: a picture refused, or never seen."""

from appliance.core.message import N_
from appliance.core.problems import ProblemKey
from appliance.dialers.sip.sdp.offer_lines import Agreed, Role
from appliance.media.codecs.bitrate_ladder import BITRATE_LADDER
from appliance.media.receive.video import FarVideo
from appliance.media.rtp.stream import RtpStream

UNSEEN_S = 6.0  # packets and no picture for so long: keyframes were requested three times and more


class MediaProblems:
    """`found` has each problem with a few words on it; `see` keeps it fresh."""

    def __init__(self, video: RtpStream) -> None:
        self.found: dict[ProblemKey, str] = {}
        self._video = video
        self._agreed: tuple[Agreed, ...] = ()
        self._since = 0.0

    def agree(self, media: tuple[Agreed, ...], now: float) -> None:
        """These are the call's media from now on."""
        self._agreed = media
        self._since = now
        self.see()

    def see(self) -> bool:
        """Look again; whether anything is another."""
        told = {ProblemKey.ROOM_CODEC: self._refused(), ProblemKey.FAR_VIDEO: self._unseen()}
        before, self.found = self.found, {key: words for key, words in told.items() if words}
        return before != self.found

    def _refused(self) -> str:
        """What the far end does not take of our picture; "" where nothing is."""
        if not self._agreed:
            return ""
        video = next((medium for medium in self._agreed if medium.role is Role.VIDEO), None)
        if video is None:
            return N_("no picture")
        if video.sending is not None and video.sending.bps < BITRATE_LADDER[-1].leave_bps:
            return f"≤ {video.sending.bps // 1000} kbit/s"
        if self._video.sender is not None and self._video.sender.unfit:
            return N_("the camera cuts no slices")
        return ""

    def _unseen(self) -> str:
        """The codec of packets that make no picture; "" where pictures come, or nobody looks."""
        track = self._video.track
        if isinstance(track, FarVideo) and track.undecoded_s(self._since) > UNSEEN_S:
            return track.statistics().codec
        return ""
