"""The words of this folder: what is known of a TV, what is wished of it, what a message came to."""

from dataclasses import dataclass
from enum import StrEnum

from hardware.display.cec_uapi import NO_PHYSICAL_ADDRESS
from hardware.display.messages import Message, Opcode


class TvState(StrEnum):
    """What is known of the TV; kept apart, since each has another remedy."""

    ON = "on"
    STANDBY = "standby"
    TRANSITION = "in transition"
    NO_PEER = "no peer"
    """The cable leads to something that takes no message: CEC is off in its menu, or no TV."""
    NO_LINK = "no link"
    """Nothing is plugged in, or what is takes its line away and says nothing."""
    NO_ADAPTER = "no adapter"
    UNKNOWN = "unknown"
    """It takes messages and does not say whether it is on, or nobody has asked yet."""
    ERROR = "error"
    """The kernel's driver failed."""


class DisplayProblem(StrEnum):
    """What a wished picture lacks."""

    UNCONFIRMED = "unconfirmed"
    OTHER_INPUT = "other input"


class Want(StrEnum):
    """What is wished of the TV."""

    WAKE = "wake"
    KEEP = "keep"
    """As it is: somebody may be looking."""
    REST = "rest"
    """Back to sleep, where this box woke it and it still shows this box."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`occasion` tells one reason to wake from the next: a hand's "off" counts until then."""

    want: Want = Want.KEEP
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What the kernel says of one socket's control wire."""

    physical_address: int = NO_PHYSICAL_ADDRESS
    logical_address: int | None = None
    """Ours; None until it is claimed."""
    plugged: bool | None = None
    """HDMI's hot-plug line; None where it is not known."""

    @property
    def addressed(self) -> bool:
        """Whether the TV has told where it is plugged in."""
        return self.physical_address != NO_PHYSICAL_ADDRESS

    @property
    def claimed(self) -> bool:
        """Whether any message can be sent."""
        return self.addressed and self.logical_address is not None


class Outcome(StrEnum):
    """What one message came to."""

    TAKEN = "taken"
    """Acknowledged; a broadcast: sent."""
    NOT_TAKEN = "not taken"
    REPLIED = "replied"
    NO_REPLY = "no reply"
    """Acknowledged, and not answered within CEC's second, or refused."""
    NOT_SENT = "not sent"
    """The address went away before it could be: nothing is known of the TV by it."""
    FAILED = "failed"
    """The driver could not send it, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class Request:
    """A message to send now; `reply` is the opcode that answers it."""

    message: Message
    reply: Opcode | None = None
