"""Reads a flattened device tree (Devicetree Specification 0.4, chapter 5: a .dtb file).

Debian's binding of libfdt is for Debian's own interpreter alone, which is neither the one of a
test nor that of a machine that builds; the format is five tokens.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

MAGIC = 0xD00DFEED
NEWEST_VERSION = 17
"""What we know how to read; a later tree says whether it can be read so (5.2)."""

_BEGIN_NODE, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9


class NotATreeError(Exception):
    """A file that is no device tree, with its name and what is wrong with it."""


@dataclass(eq=False)
class Node:
    """One node: a device, a bus, or a group of settings."""

    name: str
    parent: "Node | None"
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Its full path, as ``/soc/mmc@7e340000``."""
        if self.parent is None:
            return "/"
        return f"{self.parent.path.rstrip('/')}/{self.name}"

    @property
    def kind(self) -> str:
        """Its name without the address: what it is (2.2.2)."""
        return self.name.partition("@")[0]

    def strings(self, name: str) -> list[str]:
        """A list of strings; empty without the property."""
        data = self.properties.get(name, b"")
        return [word.decode("ascii", "replace") for word in data.split(b"\0") if word]

    def cells(self, name: str) -> list[int]:
        """A list of big-endian 32-bit cells; empty without the property."""
        data = self.properties.get(name, b"")
        return [number for (number,) in struct.iter_unpack(">I", data[: len(data) // 4 * 4])]

    def above(self) -> Iterator["Node"]:
        """Itself, its parent, and so on up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def below(self) -> Iterator["Node"]:
        """Itself and all that is within it."""
        yield self
        for child in self.children:
            yield from child.below()

    @property
    def enabled(self) -> bool:
        """Whether the kernel makes a device of it: it and all above it are "okay" (2.3.4)."""
        return all(node.strings("status") in ([], ["okay"], ["ok"]) for node in self.above())

    @property
    def device(self) -> "Node":
        """The nearest node, from itself upwards, for which there is a driver; else the root."""
        return next(
            (node for node in self.above() if node.strings("compatible")), list(self.above())[-1]
        )


@dataclass(frozen=True)
class Tree:
    """All nodes of one file."""

    name: str
    root: Node

    @cached_property
    def _by_phandle(self) -> dict[int, Node]:
        found = ((node.cells("phandle"), node) for node in self.root.below())
        return {cells[0]: node for cells, node in found if cells}

    def by_phandle(self, phandle: int) -> Node | None:
        """The node that other nodes call by this number."""
        return self._by_phandle.get(phandle)

    def by_path(self, path: str) -> Node | None:
        """The node at a full path."""
        return next((node for node in self.root.below() if node.path == path), None)


def read(path: Path) -> Tree:
    """The tree of a file.

    Raises:
        NotATreeError: it is damaged, or something else.
    """
    try:
        return Tree(path.stem, _root(path.read_bytes()))
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise NotATreeError(f"{path} is no device tree: {error}") from error


def _root(data: bytes) -> Node:
    magic, _, structure, strings, _, _, oldest = struct.unpack_from(">7I", data)
    if magic != MAGIC or oldest > NEWEST_VERSION:
        raise ValueError(f"its first word is {magic:#x}, its version {oldest}")
    top = Node("", None)
    here, at = top, structure
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == _BEGIN_NODE:
            end = data.index(b"\0", at)
            child = Node(data[at:end].decode("ascii"), here)
            here.children.append(child)
            here, at = child, end + 1
        elif token == _END_NODE:
            if here.parent is None:
                raise ValueError("a node ends that did not begin")
            here = here.parent
        elif token == _PROP:
            size, offset = struct.unpack_from(">2I", data, at)
            name = data[strings + offset : data.index(b"\0", strings + offset)].decode("ascii")
            here.properties[name] = data[at + 8 : at + 8 + size]
            at += 8 + size
        elif token == _END:
            break
        elif token != _NOP:
            raise ValueError(f"unknown token {token} at byte {at - 4}")
        at = (at + 3) // 4 * 4
    if here is not top or len(top.children) != 1:
        raise ValueError("it ends within a node")
    (root,) = top.children
    root.parent = None
    return root
