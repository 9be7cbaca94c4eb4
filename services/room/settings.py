"""The settings of a room, named as in Janus's own videoroom configuration."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """One room. ``pin`` and ``chair_pin`` are "" where none is required.

    ``chair_pin`` opens the chair's page, which gives and takes the floor, removes a participant
    and closes the room; without one there is no chair. ``bitrate`` is bit/s of one picture.
    """

    number: int
    description: str = ""
    pin: str = ""
    chair_pin: str = ""
    publishers: int = 6
    bitrate: int = 1_500_000
    audiocodec: str = "opus"
    videocodec: str = "h264"

    def codecs(self) -> dict[str, str]:
        """The codec for each kind of media."""
        return {"audio": self.audiocodec, "video": self.videocodec}
