"""Why a call ended or never began: one small closed set, shared by redial, dialers and reports."""

from enum import StrEnum


class EndReason(StrEnum):
    """What `dial --json` (docs/commands.md), the screen and the province are told."""

    BUSY = "busy"  # the far end has no room (SIP 486, a full Janus room)
    REFUSED = "refused"  # the far end said no, and trying again may help (wrong room, not open yet)
    UNREACHABLE = "unreachable"  # no name, no route, no answer in time
    UNAUTHORISED = "unauthorised"  # a wrong or missing password, PIN or token
    FORBIDDEN = "forbidden"  # it does not let this site in, for no password
    UNTRUSTED = "untrusted"  # the certificate is not one that this site trusts
    NO_MEDIA = "no-media"  # signalling succeeded and no picture or sound came
    FAR_END = "far-end"  # the far end hung up
    LOST = "lost"  # it was up, and the line or the server went away
    BAD_ADDRESS = "bad-address"  # no dialer understands the address
    OURS = "ours"  # this site hung up: the meeting is over, or a hand asked for it
