"""A file has one idea and 25 to 400 lines; a folder has at most 16 Python files side by side."""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

from tests.house.sources import PRODUCT, Sources, sources

MAX_LINES = 400
MIN_LINES = 25
MAX_FILES = 16

ONE_EACH = ("services/health/checks", "hardware/vitals", "services/province/console/pages")
"""Folders with one check, one reading or one page in a file: as short and as many as there are."""

TINY_BY_NATURE = {"__init__.py", "__main__.py", "conftest.py"}

SHORT = {
    "appliance/base/errors.py": "a base class that modules of the layer share",
    "appliance/base/paths.py": "one value that the programs of a box share",
    "appliance/core/end_reasons.py": "one enumeration that redial, dialers and reports share",
    "appliance/core/message.py": "N_, imported wherever a text is written",
    "hardware/wiring.py": "one table of pins",
    "services/province/storage/migrations/env.py": "Alembic asks for this file by name",
    "services/slots/slot_check.py": "the one condition for a good slot",
    "services/support/errors.py": "base classes that modules of the folder share",
    "tests/dialers/sip/sdp/recorded.py": "reads one folder of recordings",
    "tests/dialers/sip/test_repeated_calls.py": "the short form of `make soak`",
    "tests/endpoint/noting_event.py": "one event that tests of several parts use",
    "tests/image/machine/guest/pictures.py": "one comparison that two tests share",
    "tests/image/machine/power_cuts/test_cuts.py": "the short form of `make image-cuts`",
    "tests/media/rtp/tmmbr.py": "one packet, which a far end sends and we do not",
    "tests/one_meeting.py": "one feed that stories and the emulator's tests share",
    "tests/peers/test_janus_apart.py": "needs a peer of its own",
    "tests/process/ports.py": "one function that most tests of processes use",
    "tests/province/statements.py": "one context manager",
    "tests/wire/golden.py": "reads one document",
}
"""Files below `MIN_LINES`, each with its reason."""


def too_long(files: Sources) -> list[str]:
    """Files with more than `MAX_LINES`."""
    lengths = {name: len(text.splitlines()) for name, text in files.items()}
    return [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > MAX_LINES]


def too_short(files: Sources, allowed: Mapping[str, str]) -> list[str]:
    """Files below `MIN_LINES` that are not `allowed`, and what is allowed without need."""
    short = {
        name
        for name, text in files.items()
        if len(text.splitlines()) < MIN_LINES
        and PurePath(name).name not in TINY_BY_NATURE
        and not name.startswith(ONE_EACH)
    }
    return [
        *(f"{name}: too short to be a file" for name in sorted(short - allowed.keys())),
        *(f"{name}: no longer short" for name in sorted(allowed.keys() - short)),
    ]


def too_full(files: Sources) -> list[str]:
    """Folders with more than `MAX_FILES`; ``__init__.py`` names the folder and does not count."""
    folders = Counter(
        str(PurePath(name).parent) for name in files if PurePath(name).name != "__init__.py"
    )
    return [
        f"{folder}: {count} files"
        for folder, count in sorted(folders.items())
        if count > MAX_FILES and folder not in ONE_EACH
    ]


def lines(files: Sources) -> int:
    """The lines of all files together."""
    return sum(len(text.splitlines()) for text in files.values())


def test_tests_are_as_long_as_the_product() -> None:
    assert lines({"appliance/one.py": "a\nb\n", "appliance/two.py": "c\n"}) == 3
    assert lines(sources("tests")) >= lines(sources(*PRODUCT))


def test_no_file_is_too_long() -> None:
    assert too_long({"appliance/long.py": "\n" * 401, "tests/as_long.py": "\n" * 400}) == [
        "appliance/long.py: 401 lines"
    ]
    assert too_long(sources()) == []


def test_no_file_is_too_short() -> None:
    made_up = {
        "appliance/short.py": "\n" * 24,
        "appliance/enough.py": "\n" * 25,
        "appliance/allowed.py": "",
        "appliance/grown.py": "\n" * 30,
        "appliance/__init__.py": "",
        "tests/conftest.py": "",
        "hardware/vitals/one.py": "",
    }
    allowed = dict.fromkeys(("appliance/allowed.py", "appliance/grown.py", "appliance/gone.py"), "")
    assert too_short(made_up, allowed) == [
        "appliance/short.py: too short to be a file",
        "appliance/gone.py: no longer short",
        "appliance/grown.py: no longer short",
    ]
    assert too_short(sources(*PRODUCT, "tests"), SHORT) == []


def test_no_folder_is_too_full() -> None:
    made_up = {f"tests/full/test_{number}.py": "" for number in range(17)}
    made_up |= {f"hardware/vitals/one_{number}.py": "" for number in range(17)}
    made_up |= {f"appliance/{number}.py": "" for number in range(16)}
    made_up["appliance/__init__.py"] = ""
    assert too_full(made_up) == ["tests/full: 17 files"]
    assert too_full(sources()) == []
