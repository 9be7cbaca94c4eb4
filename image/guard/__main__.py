"""Ends a build whose kernel, initramfs or root lacks a driver that a shipped board needs.

usage: python3 -m image.guard --kernel VMLINUZ --modules FOLDER [--whole ALIASES] [--table]
           [--initramfs LIST]... TREE...

FOLDER is that of one version, below usr/lib/modules, after depmod. LIST names the modules of the
initramfs, without what they need in turn. ALIASES is the modules.alias of all that Debian's package
has: by it a module is named that the root no longer has.
"""

import argparse
import sys
from pathlib import Path

from image.guard.check import ALIASES, Board, Gap
from image.guard.device_tree import NotATreeError, read
from image.guard.kernel import Kernel, NotAKernelError, listed
from image.guard.roles import ROLES


def table(gaps: dict[str, list[Gap]]) -> str:
    """A line a board, a column a role: how many drivers are missing, or that it is known."""
    names = [ALIASES, *(role.name for role in ROLES)]
    lines = ["| board | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for board, found in gaps.items():
        cells = []
        for name in names:
            missing = [one for one in found if one.role == name and not one.known]
            known = any(one.role == name and one.known for one in found)
            cells.append(f"{len(missing)} missing" if missing else "known limit" if known else "ok")
        lines.append(f"| {board} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """0 where every driver is there, 1 with a line for each that is not."""
    parser = argparse.ArgumentParser(prog="image.guard")
    parser.add_argument("--kernel", type=Path, required=True)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--initramfs", type=Path, action="append", default=[])
    parser.add_argument("--whole", type=Path)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("trees", type=Path, nargs="+", metavar="TREE")
    asked = parser.parse_args(arguments)
    found: dict[str, list[Gap]] = {}
    try:
        kernel = Kernel(asked.kernel, asked.modules, asked.whole)
        initramfs = [name for path in asked.initramfs for name in listed(path)]
        unknown = [name for name in initramfs if name not in kernel.names | kernel.inside]
        for path in asked.trees:
            tree = read(path)
            found[tree.name] = Board(tree, kernel, initramfs).gaps()
    except (NotAKernelError, NotATreeError, OSError) as error:
        sys.stderr.write(f"guard: {error}\n")
        return 1
    lacking = [one for gaps in found.values() for one in gaps if not one.known]
    if asked.table:
        sys.stdout.write(f"{kernel.version}\n\n{table(found)}\n\n")
    for gaps in found.values():
        for one in gaps:
            (sys.stdout if one.known else sys.stderr).write(f"guard: {one}\n")
    for name in unknown:
        sys.stderr.write(
            f"guard: kernel {kernel.version} has no module {name}: a list asks for it\n"
        )
    if not lacking and not unknown:
        sys.stdout.write(f"guard: {kernel.version}: every driver of {', '.join(found)} is there\n")
    return 1 if lacking or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
