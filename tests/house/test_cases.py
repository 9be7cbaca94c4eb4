"""Each row of docs/cases.md is shown by a test marked with it, and no other row is named."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.sources import ROOT, Sources, nodes, sources


def shown(files: Sources) -> Iterator[str]:
    """The rows that stand in ``pytest.mark.case("…")`` marks."""
    for _name, node in nodes(files):
        match node:
            case ast.Call(func=ast.Attribute(attr="case", value=ast.Attribute(attr="mark"))):
                for argument in node.args:
                    assert isinstance(argument, ast.Constant), ast.unparse(node)
                    yield str(argument.value)


def rows(text: str) -> set[str]:
    """The first cells of the register's lines."""
    return set(re.findall(r"^\| ([A-Z]\d+) \|", text, re.MULTILINE))


def test_a_mark_of_a_function_and_of_a_parameter_is_seen() -> None:
    text = """
@pytest.mark.case("K1", "C2")
@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.case("P3"))])
def test_this() -> None: ...
"""
    assert sorted(shown({"tests/test_made_up.py": text})) == ["C2", "K1", "P3"]


@pytest.fixture(scope="module")
def register() -> set[str]:
    return rows((ROOT / "docs/cases.md").read_text())


def test_every_row_is_shown_by_a_test(register: set[str]) -> None:
    assert len(register) > 40
    assert not sorted(register - set(shown(sources("tests"))))


def test_every_mark_names_a_row(register: set[str]) -> None:
    assert not sorted(set(shown(sources("tests"))) - register)
