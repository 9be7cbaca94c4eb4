"""Tells the box's other programs what was wrong with the site file of the card."""

from collections.abc import Sequence

from appliance.base.site_file import SiteFileProblem
from appliance.wire.facts import SiteFileFacts

MAX_PROBLEMS = 20
"""A file that is no site file at all has a problem in each line; RESULT.txt lists every one."""
MAX_SENTENCE_CHARS = 200
"""A key may be as long as the file."""


def site_file_facts(problems: Sequence[SiteFileProblem]) -> SiteFileFacts:
    """One sentence for each of `problems`, with its line and remedy.

    Without the values: the TV shows the sentences, everybody on the box may read the fact file, and
    a value with a typing error in it may be a meeting's PIN or a calendar's private address.
    """
    told = [_cut(problem.without_value()) for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        told.append(f"and {len(problems) - MAX_PROBLEMS} more, see RESULT.txt on the card")
    first = _cut(problems[0].in_vietnamese(shown=False)) if problems else ""
    return SiteFileFacts(problems=tuple(told), first_vi=first)


def _cut(sentence: str) -> str:
    short = len(sentence) <= MAX_SENTENCE_CHARS
    return sentence if short else f"{sentence[: MAX_SENTENCE_CHARS - 1]}…"
