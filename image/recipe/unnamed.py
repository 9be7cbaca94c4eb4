"""Removes the shared libraries of a root that nothing in it names.

Debian's VLC depends on what all of its plug-ins load; of those the image keeps a closed list. A
library stays where a file that stays holds its name, be that to link (ELF's NEEDED) or to load it
(dlopen(3), ctypes). Not found in this way are names that are put together as the program runs.

usage: unnamed.py ROOT
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

LIBRARIES = "usr/lib/aarch64-linux-gnu"
PUT_TOGETHER = ("libnss_",)
"""glibc makes these of the words in nsswitch.conf(5)."""

_ENDING = re.compile(rb"\.so(?:\.\d+)*")
_BEFORE = re.compile(rb"[\w+.-]*\Z")
_LONGEST = 80
"""Bytes of a name before its ending."""


def names(data: bytes) -> set[bytes]:
    """All that looks like a shared library's name."""
    found = set()
    for ending in _ENDING.finditer(data):
        before = _BEFORE.search(data, max(0, ending.start() - _LONGEST), ending.start())
        found.add((before[0] if before else b"") + ending[0])
    return found


def unnamed(root: Path) -> list[Path]:
    """The libraries that nothing names, with the links to them; sorted."""
    folder = (root / LIBRARIES).resolve()
    called: dict[Path, set[Path]] = defaultdict(set)  # a library, and all that it is called by
    for path in folder.glob("*.so*"):
        if (library := path.resolve()).parent == folder and library.is_file():
            called[library] |= {path, library}
    by_name = {path.name.encode(): library for library, paths in called.items() for path in paths}
    ours = {path for paths in called.values() for path in paths}
    todo = [path for path in root.resolve().rglob("*") if path not in ours]
    todo += [library for library in called if library.name.startswith(PUT_TOGETHER)]
    stays: set[Path] = set()
    while todo:
        path = todo.pop()
        if path in stays:
            continue
        stays.add(path)
        if path.is_symlink():
            data = str(path.readlink()).encode()
        else:
            data = path.read_bytes() if path.is_file() else b""
        todo += [by_name[name] for name in names(data) & by_name.keys()]
    return sorted(p for library, paths in called.items() if library not in stays for p in paths)


if __name__ == "__main__":
    for path in unnamed(Path(sys.argv[1])):
        path.unlink()
