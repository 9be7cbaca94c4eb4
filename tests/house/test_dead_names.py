"""No public name of the product that nothing but tests uses: it was written and never wired in.

Vulture reads the product alone. What frameworks and files that are no Python use is no finding:
click's commands and the routes of web pages by their decorators, and any word of a unit, a
template, a script or a page.
"""

import ast
import re
from collections.abc import Mapping

import pytest
from vulture import Vulture

from tests.house.sources import PRODUCT, Sources, nodes, sources

REGISTERED = [
    "@*.command",  # click
    "@click.group",
    "@router.*",  # FastAPI
    "@*.listens_for",  # SQLAlchemy
]
"""Decorators that hand a function to a framework, which calls it."""

CALLED_BY_OTHERS = {
    # by frameworks
    "capture_signals": "uvicorn's, of a Server",
    "collect": "prometheus_client asks a Collector for its gauges",
    "get_command": "click's, of a group that loads its commands late",
    "list_commands": "click's, of a group that loads its commands late",
    "process_redirect": "websockets', of a connection that is being opened",
    "type_annotation_map": "SQLAlchemy's, of the base class of all tables",
    "writelines": "asyncio's, of a Transport",
    "trace": "the third argument of __exit__",
    "code_inline": "markdown-it's, of a renderer: a method for each kind of token",
    "paragraph_open": "markdown-it's, of a renderer",
    "paragraph_close": "markdown-it's, of a renderer",
    "link_open": "markdown-it's, of a renderer",
    # fields that are written out with all others of their class
    "connected_s": "`dial --json` writes all of CallStatistics",
    "first_picture_s": "`dial --json` writes all of CallStatistics",
    "sent_kbps": "`dial --json` writes all of CallStatistics",
    "received_kbps": "`dial --json` writes all of CallStatistics",
    "decided_at": "the ledger's file has all of Entry",
    "decided_by": "the ledger's file has all of Entry",
    # what the tests hold to something that is no Python
    "MAX_FAILED_STARTS": "the initramfs counts to it; a test holds its script to this number",
    "retained": "what a message was published as is seen by who receives it, in the tests alone",
    "capital": "a picture tells what is drawn on it, and the rules of layout are tests",
}
"""Names without a use that Vulture can see, each with the one who uses it."""

MIGRATIONS = "services/province/storage/migrations/"
"""Alembic calls what is in there by name."""


def dead_names(product: Sources, others: Sources, used: Mapping[str, str]) -> list[str]:
    """Public names of `product` without a use, by file; also what `used` lists without need.

    Of attributes only those that the product gives its own objects: what is set at a library's
    object is read there. `others` are the product's files that are no Python.
    """
    finder = Vulture(ignore_decorators=REGISTERED)
    for name, text in product.items():
        finder.scan(text, name)
    words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(_code(text) for text in others.values())))
    own = {
        node.attr
        for _, node in nodes(product)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    unused = {
        f"{item.filename}: {item.name}": str(item.name)
        for item in finder.get_unused_code()
        if not item.name.startswith("_")
        and item.name not in words
        and (item.typ != "attribute" or item.name in own)
        and not str(item.filename).startswith(MIGRATIONS)
    }
    return [
        *sorted(where for where, name in unused.items() if name not in used),
        *(f"{name} has a use" for name in sorted(used.keys() - unused.values())),
    ]


def _code(text: str) -> str:
    """Without the comments of scripts and units, which use nothing."""
    return re.sub(r"^\s*#(?!!).*$", "", text, flags=re.MULTILINE)


@pytest.mark.slow
def test_no_name_is_used_by_tests_alone() -> None:
    made_up = {
        "appliance/one.py": """
import click
LIMIT = 5
BOUND = 6
def called(): ...
def forgotten(): ...
def by_the_unit(): ...
def by_the_framework(): ...
@click.command()
def command(): ...
class Lamp:
    colour = "red"
    def __init__(self, device):
        self.bright = 1
        device.baud_rate = 9600
    def shine(self): ...
    def _shine(self): ...
""",
        "services/two.py": "from appliance.one import LIMIT, Lamp, called\nLamp(called(LIMIT))\n",
    }
    unit = {"services/one.service": "# forgotten\nExecStart=/usr/bin/one by_the_unit\n"}
    used = {"by_the_framework": "the framework", "called": "the framework"}
    assert dead_names(made_up, unit, used) == [
        "appliance/one.py: BOUND",
        "appliance/one.py: bright",
        "appliance/one.py: colour",
        "appliance/one.py: forgotten",
        "appliance/one.py: shine",
        "called has a use",
    ]
    code = (".service", ".conf", ".cmd", ".rules", ".html", ".js", ".toml", ".mako")
    others = sources(*PRODUCT, "pyproject.toml", endings=code) | {
        name: text
        for name, text in sources(*PRODUCT, endings=("",)).items()
        if text.startswith("#!")
    }
    assert dead_names(sources(*PRODUCT), others, CALLED_BY_OTHERS) == []
