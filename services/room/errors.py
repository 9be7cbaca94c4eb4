"""The room's errors, with the codes of Janus and of its VideoRoom plug-in.

RoomError
 ├── GatewayError   the gateway's own (apierror.h of Janus): sessions, handles, requests
 └── VideoRoomError  the plug-in's (janus_videoroom.c): rooms, feeds, PINs
"""

from typing import Final

UNKNOWN_REQUEST: Final = 453
INVALID_JSON: Final = 454
MISSING_MANDATORY: Final = 456
SESSION_NOT_FOUND: Final = 458
HANDLE_NOT_FOUND: Final = 459
PLUGIN_NOT_FOUND: Final = 460
TOO_MANY: Final = 490
UNKNOWN_ERROR: Final = 499

INVALID_REQUEST: Final = 423
JOIN_FIRST: Final = 424
ALREADY_JOINED: Final = 425
NO_SUCH_ROOM: Final = 426
NO_SUCH_FEED: Final = 428
MISSING_ELEMENT: Final = 429
INVALID_ELEMENT: Final = 430
PUBLISHERS_FULL: Final = 432
UNAUTHORISED: Final = 433
NOT_PUBLISHED: Final = 435
INVALID_SDP: Final = 437


class RoomError(Exception):
    """A request is refused with a code and a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class GatewayError(RoomError):
    """Answered as ``{"janus": "error", "error": {"code", "reason"}}``."""


class VideoRoomError(RoomError):
    """Answered as ``{"videoroom": "event", "error_code", "error"}``."""
