"""The text of ``BRINGUP.txt``: a line for each check, with its word. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.base.texts import text
from services.bringup.check import Check, Outcome, Result, When
from services.bringup.seen import Seen

MAX_OUTPUT = 240
"""Letters of what was seen: a line is to be read in a mail, and the file in one cluster or two."""
MAX_COMMAND = 70
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One check, answered."""

    check: Check
    result: Result


def lines(checks: Iterable[Check], outputs: Mapping[int, str], seen: Seen) -> tuple[Line, ...]:
    """All `checks` by what their commands said; one whose command was not run yet needs hands."""
    return tuple(Line(check, _result(check, outputs, seen)) for check in checks)


def _result(check: Check, outputs: Mapping[int, str], seen: Seen) -> Result:
    output = outputs.get(check.number)
    if output is None:
        if check.when is not When.NEVER:
            return Result(Outcome.HANDS, "not come to yet: leave the card in, do what the TV says")
        output = ""
    return result_of(check, output, seen)


def result_of(check: Check, output: str, seen: Seen) -> Result:
    """What `output` comes to; never raises."""
    try:
        return check.judge(output.strip(), seen)
    except (ValueError, ArithmeticError, LookupError) as error:
        # What a board says that nobody has had in hand must not cost the other lines.
        return Result(Outcome.FAIL, f"not understood ({error}): {output}")


def report(told: Iterable[Line]) -> bytes:
    """The file: Vietnamese and English in each line; a BOM and CRLF, for any Notepad."""
    return BOM + b"".join(f"{one_line(line)}\r\n".encode() for line in told)


def one_line(line: Line) -> str:
    """``05 | PASS | name | command | what was seen``."""
    check, result = line.check, line.result
    names = [text(locale)(check.name) for locale in ("vi", "en")]
    if check.question and result.outcome is Outcome.HANDS:
        names += [text(locale)(check.question) for locale in ("vi", "en")]
    return " | ".join(
        (
            f"{check.number:02d}",
            result.outcome.value,
            " / ".join(names),
            shortened(check.command, MAX_COMMAND),
            shortened(result.detail, MAX_OUTPUT),
        )
    )


def shortened(told: str, most: int) -> str:
    """One line of at most `most` letters, without what would break the line or the columns."""
    words = " ".join("".join(c if c.isprintable() else " " for c in told).replace("|", "¦").split())
    return words if len(words) <= most else f"{words[: most - 1]}…"
