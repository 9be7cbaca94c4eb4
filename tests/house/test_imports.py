"""No modules import one another in a circle, and tests import helpers, never other tests."""

import ast
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.house.sources import Sources, nodes, sources

Imports = Mapping[str, Iterable[str]]
"""The modules that each module imports."""


def imports(*packages: str) -> dict[str, set[str]]:
    """All imports among the modules of these packages, those under ``TYPE_CHECKING`` included.

    Imports within a function count as well: they hide a circle from Python, not from a reader.
    """
    graph = grimp.build_graph(
        packages[0], *packages[1:], exclude_type_checking_imports=False, cache_dir=None
    )
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circles(graph: Imports) -> list[str]:
    """Each circle once, from its first module by name; of each, one import is ignored from then on.

    So two circles that share that import are found one after the other.
    """
    edges = {module: set(graph[module]) for module in sorted(graph)}
    found: list[str] = []
    while True:
        sorter = TopologicalSorter({module: sorted(edges[module]) for module in edges})
        try:
            sorter.prepare()
        except CycleError as error:
            # (A, B, …, A), where each is imported by the one after it.
            circle: list[str] = list(reversed(error.args[1][1:]))
            first = circle.index(min(circle))
            circle = circle[first:] + circle[:first]
            found.append(" -> ".join([*circle, circle[0]]))
            edges[circle[0]].discard(circle[1 % len(circle)])
        else:
            return sorted(found)


def imported_tests(files: Sources) -> list[str]:
    """Imports of a test module or a conftest, each once."""
    found: dict[str, None] = {}
    for name, node in nodes(files):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            tests = [number for number, part in enumerate(parts) if _is_test(part)]
            if parts[0] == "tests" and tests:
                found[f"{name} imports {'.'.join(parts[: tests[0] + 1])}"] = None
    return list(found)


def _is_test(part: str) -> bool:
    return part == "conftest" or part.startswith("test_")


def test_no_import_goes_in_a_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "made_up"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text("from made_up import two\n")
    (folder / "two.py").write_text("def late():\n    from made_up import three\n")
    (folder / "three.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made_up import one\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert circles(imports("made_up")) == [
        "made_up.one -> made_up.two -> made_up.three -> made_up.one"
    ]
    two = {"a": {"b", "c"}, "b": {"a"}, "c": {"a", "d"}, "d": set[str]()}
    assert circles(two) == ["a -> b -> a", "a -> c -> a"]

    assert circles(imports("appliance", "hardware", "services", "tests")) == []


def test_tests_import_helpers_alone() -> None:
    made_up = {
        "tests/wire/test_one.py": "from tests.wire.test_two import NOW, THEN\n",
        "tests/wire/test_two.py": "import tests.conftest\nfrom tests.wire.helper import find\n",
        "tests/wire/test_three.py": "from tests.wire import golden, test_two\n",
    }
    assert imported_tests(made_up) == [
        "tests/wire/test_one.py imports tests.wire.test_two",
        "tests/wire/test_two.py imports tests.conftest",
        "tests/wire/test_three.py imports tests.wire.test_two",
    ]
    assert imported_tests(sources("tests")) == []
