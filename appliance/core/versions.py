"""Which of two releases is the older."""

import re
from datetime import UTC, datetime

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)\+(\d{12})")


def order(version: str) -> tuple[int, ...]:
    """A key that sorts releases; raises `ValueError` for anything but ``1.2.3+YYYYMMDDHHMM``.

    Semantic versioning ignores what follows the plus sign; here it is the minute of the commit, and
    two builds of one number are told apart by it.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"version {version!r} is not of the form 1.2.3+202601312359")
    return tuple(int(number) for number in found.groups())


def refusal(offered: str, running: str) -> str:
    """Why `offered` must not take the place beside `running`; "" where it may.

    The same release again is no downgrade: it is how a damaged slot is repaired.
    """
    try:
        older = order(offered) < order(running)
    except ValueError as error:
        return str(error)
    return f"{offered} is older than {running}, which runs here" if older else ""


def made_at(version: str) -> float:
    """When `version` was committed, POSIX seconds; raises `ValueError` as `order` does."""
    minute = str(order(version)[-1])
    return datetime.strptime(minute, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp()
