"""Whom the people of a site ask, and on which pages the TV says so."""

from dataclasses import dataclass

from appliance.core.problems import Problem, Severity
from appliance.core.screen_texts import Screen

_CALLS = frozenset(
    {Screen.NO_NETWORK, Screen.NO_AGENDA, Screen.CLOCK_UNTRUSTED, Screen.NO_ADDRESS}
    | {Screen.TOO_SLOW, Screen.CLAIM, Screen.RESCUE}
)
"""Their own words send people to the telephone."""
_WITHOUT_CODE = frozenset(
    {Screen.IN_MEETING, Screen.CLAIM, Screen.ENDED, Screen.CANCELLED, Screen.MOVED}
)
"""The far picture is not covered, a second code beside another is scanned for it."""
_NEVER = frozenset({Screen.MARGINS, Screen.BY_HAND, Screen.NAME_CARD})


@dataclass(frozen=True, slots=True)
class Help:
    """Who helps; either may be "": the settings do not say."""

    telephone: str = ""
    link: str = ""
    """Of the group in which one asks, for a QR code."""


def shown_help(
    help_: Help | None, screen: Screen, problems: tuple[Problem, ...], *, other_code: bool
) -> Help | None:
    """What of it belongs on `screen`: nothing where nobody has to do anything.

    A note is what the site copes with by itself. In a meeting the number comes with the remedy that
    a press asks for. `other_code`: the screen has a code of another kind.
    """
    wrong = any(problem.kind.severity > Severity.NOTE for problem in problems)
    if help_ is None or screen in _NEVER or not (wrong or screen in _CALLS):
        return None
    link = "" if other_code or screen in _WITHOUT_CODE else help_.link
    return Help(help_.telephone, link) if help_.telephone or link else None
