"""Follows what a board's devices wait for, and asks the kernel for each driver on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from image.guard.device_tree import Node, Tree
from image.guard.kernel import Kernel, listed, module_name
from image.guard.roles import (
    GENERAL,
    HUBS,
    KNOWN_LIMITS,
    MADE_BY,
    ONLY_REGISTERS,
    ROLES,
    WIFI,
    Role,
    card_readers,
)
from image.guard.suppliers import WrongReferenceError, suppliers

ALIASES = "aliases"
"""What stands in the place of a role where the names of a tree's nodes are wrong."""

TRIM = "image/recipe/trim-modules"


@dataclass(frozen=True)
class Gap:
    """One thing that a board lacks; or, with `known`, that it cannot have."""

    tree: str
    role: str
    text: str
    known: bool = False

    def __str__(self) -> str:
        return f"{self.tree}: {self.role}: {self.text}"


Chain = tuple[str, ...]
"""Why a device is needed: nodes and properties in turn, from where a role begins."""


def _label(device: Node) -> str:
    return f"{device.path} ({', '.join(device.strings('compatible'))})"


def waits_for(tree: Tree, start: Node) -> dict[Node, Chain]:
    """All devices that one needs, itself first, each with the shortest chain that leads to it.

    What is switched off in the tree is not waited for (fw_devlink passes over it).

    Raises:
        WrongReferenceError: the tree names a node that it does not have.
    """
    found: dict[Node, Chain] = {}
    todo: list[tuple[Node, Chain]] = [(start, (start.path,))]
    while todo:
        node, chain = todo.pop(0)
        device = node.device
        if device in found or device.parent is None or not device.enabled:
            continue
        found[device] = chain
        todo += [
            (supplier.node, (*chain, supplier.reason, supplier.node.device.path))
            for supplier in suppliers(tree, device)
        ]
        todo.append((device.parent, (*chain, "on", device.parent.device.path)))
    return found


class Board:
    """One tree, held against one kernel and the list of its initramfs's modules."""

    def __init__(
        self, tree: Tree, kernel: Kernel, initramfs: Path, firmware: Path | None = None
    ) -> None:
        self._tree = tree
        self._kernel = kernel
        self._firmware = firmware
        self._list = initramfs
        self._initramfs = kernel.closure(listed(initramfs))

    def gaps(self) -> list[Gap]:
        """All that is missing: each module once a role, with the first chain that leads to it."""
        found = list(self._aliases())
        for role in ROLES:
            told: dict[str, str] = {}
            for what, why in self._of_role(role):
                told.setdefault(what, why)
            for what, why in told.items():
                limit = self._limit(role, what)
                text = limit or f"{what}{why}"
                found.append(Gap(self._tree.name, role.name, text, known=limit is not None))
        return found

    def without(self) -> list[str]:
        """The roles that the board need not have and has no node for."""
        return [role.name for role in ROLES if not (role.on_every_board or role.starts(self._tree))]

    def _limit(self, role: Role, what: str) -> str | None:
        """What is said of a board that is known to lack that."""
        for word in self._tree.root.strings("compatible"):
            begins, text = KNOWN_LIMITS.get((word, role.name), ("", ""))
            if text and what.startswith(begins):
                return text
        return None

    def _aliases(self) -> Iterator[Gap]:
        """U-Boot and the kernel follow them; one that leads nowhere is an error to neither."""
        aliases = self._tree.by_path("/aliases")
        readers = [node.path for node in card_readers(self._tree)]
        for name in aliases.properties if aliases else ():
            path = "".join(aliases.strings(name)[:1]) if aliases else ""
            if path.startswith("/") and self._tree.by_path(path.partition(":")[0]) is None:
                text = f"{name} leads to {path}, which is not in the tree"
                yield Gap(self._tree.name, ALIASES, text)
            elif name == "mmc0" and path not in readers:
                text = f"{name} leads to {path}, and the card's reader is {' or '.join(readers)}"
                yield Gap(self._tree.name, ALIASES, text)

    def _of_role(self, role: Role) -> Iterator[tuple[str, str]]:
        """What is missing, and why it is needed."""
        starts = role.starts(self._tree)
        if not starts:
            if role.on_every_board:
                yield f"no node of the tree that is enabled is for {role.name}", ""
            return
        if role.name == WIFI and self._firmware is not None:
            yield from self._radio(self._firmware / "brcm")
        for module, what in role.also.items():
            yield from self._module(role, module, f" for {what}")
        for start in starts:
            try:
                needed = waits_for(self._tree, start)
            except WrongReferenceError as error:
                yield str(error), ""
                continue
            for device, chain in needed.items():
                yield from self._driver(role, device, f" for {_label(device)}: {' → '.join(chain)}")

    def _radio(self, folder: Path) -> Iterator[tuple[str, str]]:
        """The radio's program and the board's settings, by the name that brcmfmac asks for."""
        board = self._tree.root.strings("compatible")[0].replace("/", "-")
        settings = sorted(folder.glob(f"*.{board}.txt"))
        if not settings:
            yield f"no firmware {folder}/*.{board}.txt", ""
        for one in settings:
            program = folder / f"{one.name.removesuffix(f'.{board}.txt')}.bin"
            if not program.exists():
                yield f"no firmware {program}", f" for {board}"

    def _driver(self, role: Role, device: Node, why: str) -> Iterator[tuple[str, str]]:
        modules = self._modules_for(device)
        if modules is None:
            words = device.strings("compatible")
            loaded = self._loaded(role)
            if not any(self._kernel.with_table(loaded, word) for word in words):
                yield f"no driver of kernel {self._kernel.version} for {words[0]}", f"{why}"
        elif modules:
            here = modules & self._present(role)
            yield from self._module(role, min(here or modules), why)
        for word in device.strings("compatible"):
            for module, what in MADE_BY.get(word, {}).items():
                yield from self._module(role, module, f" for {what}, of {_label(device)}")

    def _modules_for(self, device: Node) -> frozenset[str] | None:
        """Modules of which any one drives it, none where the kernel itself does; None: nobody."""
        words = device.strings("compatible")
        for word in words:
            if word in HUBS:
                return frozenset()
            if word in GENERAL and word != words[0] and words[0] not in ONLY_REGISTERS:
                continue
            if answer := self._kernel.answers(word):
                return frozenset() if answer.built_in else answer.modules
        return None

    def _present(self, role: Role) -> frozenset[str]:
        return self._initramfs if role.in_initramfs else self._kernel.names

    def _loaded(self, role: Role) -> frozenset[str]:
        """What is loaded anyhow: all of the initramfs; of the root what a node has an alias for."""
        if role.in_initramfs:
            return self._initramfs
        devices = [node for node in self._tree.root.below() if node.enabled]
        asked = (self._modules_for(device) or frozenset() for device in devices)
        return frozenset[str]().union(*asked) & self._kernel.names

    def _module(self, role: Role, word: str, why: str) -> Iterator[tuple[str, str]]:
        """Whether it is there, and all that it names itself: by its symbols, and by its word."""
        kernel = self._kernel
        present = self._present(role) | kernel.inside
        here = kernel.named(word) & present
        if not here:
            yield self._lacks(word), why
            return
        for one in sorted(kernel.closure([min(here)])):
            for asked in kernel.asks_for(one):
                if not kernel.named(asked) & present:
                    yield self._lacks(asked), f" which the module {one} asks for,{why}"

    def _lacks(self, word: str) -> str:
        kernel = self._kernel
        names = kernel.named(word)
        if here := names & kernel.names:
            return f"module {min(here)} is not in the initramfs (add it to {self._list}),"
        if gone := names & kernel.taken_out:
            return f"module {min(gone)} is not in the root ({TRIM} takes it out),"
        return f"kernel {kernel.version} has no module {module_name(word)},"
