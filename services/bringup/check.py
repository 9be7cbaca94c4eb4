"""What one line of ``BRINGUP.txt`` is: a question to the box, and who answers it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.bringup.seen import Seen


class Outcome(StrEnum):
    """The word of a line."""

    PASS = "PASS"  # noqa: S105 - a word of a report
    FAIL = "FAIL"
    HANDS = "needs hands"
    """Only somebody before the TV can do it, or can see it; or it was not come to yet."""


@dataclass(frozen=True, slots=True)
class Result:
    """A line's word, and what was seen, shortened by whoever writes it."""

    outcome: Outcome
    detail: str = ""


def passed(detail: str = "") -> Result:
    """It is as it has to be."""
    return Result(Outcome.PASS, detail)


def failed(detail: str) -> Result:
    """It is not; `detail` says what is there in its place."""
    return Result(Outcome.FAIL, detail)


def hands(detail: str = "") -> Result:
    """Nobody but a person can tell, or do what is to be done first."""
    return Result(Outcome.HANDS, detail)


Judge = Callable[[str, Seen], Result]
"""What a command's output, and what the card has seen by now, come to. Pure; may raise nothing that
the output could cause."""


class When(StrEnum):
    """How often a check's command is run."""

    ALWAYS = "always"
    """Before each writing of the file: hands plug things in and out."""
    ONCE = "once"
    """Once a card: it takes seconds, or people hear it."""
    EACH_START = "each-start"
    """Once a start: later it would no longer be the start's."""
    IN_CALL = "in-call"
    """While the call is up; what it said last is kept."""
    BY_STEP = "by-step"
    """Once, when hands are told to listen."""
    NEVER = "never"
    """There is no command: the card watches."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line. `name` and `question` are message ids."""

    number: int
    name: str
    command: str
    """For a shell; what a technician may type again. Of a check without one, what is watched."""
    judge: Judge
    when: When = When.ALWAYS
    question: str = ""
    """What to look at or listen for, where only a person can tell."""
