"""`make unit` stays pure: no test in its list imports a peer, a program's process or a browser."""

import ast
from pathlib import Path, PurePath

from tests.house.sources import ROOT, Sources, nodes, sources
from tests.unit import PURE, WITH_MORE, is_unit

NEEDED = (
    "tests.peers", "tests.process", "tests.e2e", "tests.province", "tests.image",
    "playwright", "psycopg", "psutil", "sqlalchemy", "subprocess", "socket",
    "services.demo", "services.province", "tests.updates.rauc_service",
    "tests.updates.release_server",
)  # fmt: skip
"""What a module imports that needs more than Python."""

HERE = PurePath("tests")


def impure(files: Sources) -> list[str]:
    """Test modules that `make unit` runs and that import one of `NEEDED`.

    Such a module is put into `tests.unit.WITH_MORE`.
    """
    found: dict[str, None] = {}
    for name, node in nodes(files):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            if any(module == need or module.startswith(f"{need}.") for need in NEEDED):
                found[f"{name} imports {module}"] = None
    return list(found)


def listed(files: Sources) -> dict[str, str]:
    """The test modules among them that `make unit` runs."""
    return {
        name: text
        for name, text in files.items()
        if PurePath(name).name.startswith("test_") and is_unit(ROOT / name, ROOT / HERE)
    }


def test_unit_tests_need_nothing() -> None:
    made_up = {
        "tests/wire/test_pure.py": "import ast\nfrom tests.wire import golden\n",
        "tests/wire/test_peer.py": "from tests.peers.mosquitto import connected_as\n",
        "tests/core/test_process.py": "import os, subprocess\n",
        "tests/core/helper.py": "import subprocess\n",
        "tests/room/test_room.py": "import socket\n",
    }
    assert impure(listed(made_up)) == [
        "tests/wire/test_peer.py imports tests.peers.mosquitto",
        "tests/core/test_process.py imports subprocess",
    ]
    assert impure(listed(sources("tests"))) == []


def test_the_list_names_what_is_there() -> None:
    tests = ROOT / HERE
    assert [name for name in PURE if not (tests / name).exists()] == []
    assert [name for name in WITH_MORE if not (tests / name).is_file()] == []
    assert [name for name in WITH_MORE if not name.startswith(PURE)] == []


def test_folders_above_and_below_a_listed_one_are_looked_into() -> None:
    tests = ROOT / HERE
    assert is_unit(tests / "media", tests)
    assert is_unit(tests / "media/jitter/test_clock.py", tests)
    assert not is_unit(tests / "media/tv", tests)
    assert not is_unit(Path(tests / "media/test_long_call.py"), tests)
