"""Ends a build whose kernel, initramfs or root lacks a driver that a shipped board needs.

usage: python3 -m image.guard --kernel VMLINUZ --modules FOLDER --initramfs LIST
           [--whole ALIASES] [--firmware FOLDER] [--table] TREE...

FOLDER is that of one version, below usr/lib/modules, after depmod. LIST names the modules of the
initramfs, without what they need in turn. ALIASES is the modules.alias of all that Debian's package
has: by it a module is named that the root no longer has. Without the folder of the root's firmware
nobody asks for that of Wi-Fi.
"""

import argparse
import sys
from pathlib import Path

from image.guard.check import ALIASES, Board, Gap
from image.guard.device_tree import NotATreeError, read
from image.guard.kernel import Kernel, NotAKernelError, listed
from image.guard.roles import ROLES


def table(boards: dict[str, Board], gaps: dict[str, list[Gap]]) -> str:
    """A line a board, a column a role: how many drivers are missing, or why there are none."""
    names = [ALIASES, *(role.name for role in ROLES)]
    lines = ["| board | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, board in boards.items():
        without = board.without()
        cells = [name]
        for role in names:
            found = [one for one in gaps[name] if one.role == role]
            missing = sum(not one.known for one in found)
            is_there = "–" if role in without else "ok"
            cells.append(f"{missing} missing" if missing else "known limit" if found else is_there)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """0 where every driver is there, 1 with a line for each that is not."""
    parser = argparse.ArgumentParser(prog="image.guard")
    parser.add_argument("--kernel", type=Path, required=True)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--initramfs", type=Path, required=True)
    parser.add_argument("--whole", type=Path)
    parser.add_argument("--firmware", type=Path)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("trees", type=Path, nargs="+", metavar="TREE")
    asked = parser.parse_args(arguments)
    boards: dict[str, Board] = {}
    try:
        kernel = Kernel(asked.kernel, asked.modules, asked.whole)
        unknown = [
            name for name in listed(asked.initramfs) if name not in kernel.names | kernel.inside
        ]
        for path in asked.trees:
            tree = read(path)
            boards[tree.name] = Board(tree, kernel, asked.initramfs, asked.firmware)
    except (NotAKernelError, NotATreeError, OSError) as error:
        sys.stderr.write(f"guard: {error}\n")
        return 1
    found = {name: board.gaps() for name, board in boards.items()}
    lacking = [one for gaps in found.values() for one in gaps if not one.known]
    if asked.table:
        sys.stdout.write(f"{kernel.version}\n\n{table(boards, found)}\n\n")
    for gaps in found.values():
        for one in gaps:
            (sys.stdout if one.known else sys.stderr).write(f"guard: {one}\n")
    for name in unknown:
        sys.stderr.write(
            f"guard: kernel {kernel.version} has no module {name}; {asked.initramfs} asks for it\n"
        )
    if not lacking and not unknown:
        sys.stdout.write(f"guard: {kernel.version}: every driver of {', '.join(found)} is there\n")
    return 1 if lacking or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
