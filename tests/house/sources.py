"""Reads the Python files of the repository: what every rule of the house looks at.

A rule takes `Sources` and returns its findings, a line each; so a test can give it a made-up tree.
"""

import ast
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[2]
PRODUCT = ("appliance", "hardware", "services", "image")

Sources = Mapping[str, str]
"""The text of each file, by its path from the root of the repository."""


def sources(*folders: str, endings: tuple[str, ...] = (".py",)) -> dict[str, str]:
    """The tracked text files in these folders (all of them without any) with these endings.

    The ending "" is that of names without a dot, as of scripts.
    """
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, check=True
    )
    names = [name for name in done.stdout.decode().split("\0") if PurePath(name).suffix in endings]
    # A file that was deleted and not yet committed is still listed.
    return {name: (ROOT / name).read_text() for name in names if (ROOT / name).is_file()}


def nodes(files: Sources) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every file's syntax tree, each with the file's path."""
    for name, text in files.items():
        for node in ast.walk(ast.parse(text, name)):
            yield name, node
