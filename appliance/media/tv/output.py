"""VLC's output modules and arguments for a board's TV."""

import json
from dataclasses import asdict, dataclass

_QUIET = (
    # Nothing of VLC's own may appear in a meeting.
    "--no-video-title-show",
    "--no-osd",
    "--no-spu",
    "--text-renderer=tdummy,none",  # else freetype scans the fonts: memory, and a second at start
    "--no-snapshot-preview",
    "--mouse-hide-timeout=0",
    "--no-mouse-events",
    "--no-keyboard-events",
    "--no-disable-screensaver",  # asks D-Bus; the box has no screen saver
    "--no-lua",
    "--no-metadata-network-access",
    "--no-volume-save",
    # What is too late is dropped before VLC sees it; a late picture is better than none.
    "--no-drop-late-frames",
    "--no-skip-frames",
    # The decoders of raw streams and no others: libavcodec is not even loaded.
    "--codec=rawvideo,araw,none",
    "--no-audio-time-stretch",
    "--no-auto-preparse",
)


@dataclass(frozen=True, slots=True)
class Output:
    """Where picture and sound go; `vout` and `aout` are names of VLC modules.

    `window` keeps the picture in a window of its own size (a laptop); else it fills the screen.
    `delay`: seconds from a due time to picture and sound, the same for both; more than `sound_lead`
    and one block of 10 ms. `sound_lead`: how long before its time VLC gets a block, which is
    what the sound server needs. `sound_early`: how much too early the sound server starts
    VLC's stream; measured, see docs/tv.md. A board with another
    sound path sets its own.
    """

    vout: str = "xcb_x11"
    aout: str = "pulse"
    sound_device: str = ""
    window: bool = False
    delay: float = 0.060
    sound_lead: float = 0.046
    sound_early: float = 0.019

    def arguments(self) -> list[str]:
        """VLC's arguments."""
        found = [*_QUIET, f"--vout={self.vout}", f"--aout={self.aout}"]
        if self.aout == "alsa" and self.sound_device:
            found.append(f"--alsa-audio-device={self.sound_device}")
        if not self.window:
            found.append("--fullscreen")
        return found

    def environment(self) -> dict[str, str]:
        """What PulseAudio's client library reads; VLC itself would ask for 120 ms."""
        if self.aout != "pulse":
            return {}
        return {"PULSE_SINK": self.sound_device} if self.sound_device else {}

    def to_json(self) -> str:
        """The text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Output":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))
