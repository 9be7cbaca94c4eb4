"""What a device of a tree waits for: the properties by which it names other nodes.

They are those that the kernel follows itself before it lets a driver have a device
(drivers/of/property.c, of_supplier_bindings), and those by which the drivers of a Pi ask for
another device on their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from image.guard.device_tree import Node, Tree

COUNTED = {
    "clocks": "#clock-cells",
    "assigned-clocks": "#clock-cells",
    "assigned-clock-parents": "#clock-cells",
    "resets": "#reset-cells",
    "power-domains": "#power-domain-cells",
    "dmas": "#dma-cells",
    "iommus": "#iommu-cells",
    "mboxes": "#mbox-cells",
    "phys": "#phy-cells",
    "pwms": "#pwm-cells",
    "io-channels": "#io-channel-cells",
    "nvmem-cells": "#nvmem-cell-cells",
    "thermal-sensors": "#thermal-sensor-cells",
    "interrupts-extended": "#interrupt-cells",
    "msi-parent": "#msi-cells",
    "gpios": "#gpio-cells",
    "gpio": "#gpio-cells",
}
"""A list of nodes, each with as many numbers behind it as the named one says of itself."""

SINGLE = ("phy-handle", "ddc", "mmc-pwrseq", "firmware", "brcm,firmware", "phy")
"""A list of nodes and nothing else."""

_NOT_GPIOS = ("nr-gpios", "snps,nr-gpios", "ngpios")


class WrongReferenceError(Exception):
    """A property that names a node which the tree does not have, with both."""


@dataclass(frozen=True)
class Supplier:
    """What one property of a node names."""

    reason: str
    """The property, as ``vmmc-supply``."""
    node: Node


def _cells_name(name: str) -> str | None:
    """The property that counts the numbers behind each node of a list; "" where there are none."""
    if name in COUNTED:
        return COUNTED[name]
    if name.endswith(("-gpios", "-gpio")) and name not in _NOT_GPIOS:
        return COUNTED["gpios"]
    if name in SINGLE or name.endswith("-supply"):
        return ""
    if name.startswith("pinctrl-") and name.removeprefix("pinctrl-").isdigit():
        return ""
    return None


def _listed(tree: Tree, node: Node, name: str, counted_by: str) -> Iterator[Node]:
    cells = node.cells(name)
    at = 0
    while at < len(cells):
        if not cells[at]:  # a place in the list that is left free
            at += 1
            continue
        supplier = tree.by_phandle(cells[at])
        if supplier is None:
            raise WrongReferenceError(f"{node.path} names no node of the tree by {name}")
        yield supplier
        at += 1 + sum(supplier.cells(counted_by)[:1])


def _interrupts(tree: Tree, node: Node) -> Iterator[Supplier]:
    """The interrupt controller, which a node may have from those above it (2.4.1)."""
    if "interrupts" not in node.properties:
        return
    for above in node.above():
        if handle := above.cells("interrupt-parent"):
            if controller := tree.by_phandle(handle[0]):
                yield Supplier("interrupts", controller)
            return
        if (
            above is not node
            and {"interrupt-controller", "interrupt-map"} & above.properties.keys()
        ):
            yield Supplier("interrupts", above)
            return


def _own(node: Node) -> Iterator[Node]:
    """The node, and the parts of it that are no devices, as a controller's groups of pins."""
    yield node
    for child in node.children:
        if not child.strings("compatible") and child.enabled:
            yield from _own(child)


def suppliers(tree: Tree, device: Node) -> Iterator[Supplier]:
    """All that a device waits for, but for the buses that it lies on.

    Raises:
        WrongReferenceError: the tree names a node that it does not have.
    """
    for node in _own(device):
        if "gpio-hog" in node.properties:  # its pins are those of the node that it lies in
            continue
        for name in node.properties:
            counted_by = _cells_name(name)
            if counted_by is not None:
                for supplier in _listed(tree, node, name, counted_by):
                    yield Supplier(name, supplier)
        yield from _interrupts(tree, node)
