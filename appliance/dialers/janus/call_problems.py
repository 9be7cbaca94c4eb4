"""What does not go in a call in a room, and whose, in a few words."""

from collections.abc import Set
from itertools import islice

from appliance.core.message import N_
from appliance.core.problems import ProblemKey
from appliance.dialers.janus.people import People

ALL_KINDS = frozenset({"video", "audio"})
REFUSED = {
    frozenset({"video"}): N_("no picture"),
    frozenset({"audio"}): N_("no sound"),
    ALL_KINDS: N_("no picture, no sound"),
}
MAX_TOLD = 3  # names of those who cannot be seen; a line of the TV has no room for more


def call_problems(people: People, refused_kinds: Set[str]) -> dict[ProblemKey, str]:
    """FAR_VIDEO where somebody cannot be seen or heard, ROOM_CODEC where the room does not take
    these kinds of ours ("video", "audio")."""
    found = {}
    passed_over = people.passed_over()
    if passed_over:
        told = (f"{name} ({codec})" for name, codec in passed_over.items())
        found[ProblemKey.FAR_VIDEO] = ", ".join(islice(told, MAX_TOLD))
    if refused_kinds:
        found[ProblemKey.ROOM_CODEC] = REFUSED[ALL_KINDS.intersection(refused_kinds)]
    return found
