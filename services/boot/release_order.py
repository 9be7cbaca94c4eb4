"""Which of two releases is the older."""

import re

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
