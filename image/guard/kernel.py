"""Which drivers a kernel has for a device, and where: in itself, or in a module.

Sources: depmod's tables (modules.dep(5), modules.alias), and the kernel's own
bytes. In 6.12 nothing lists what the drivers in the kernel itself answer to, and the controllers
that it needs before all drivers (IRQCHIP_DECLARE, CLK_OF_DECLARE, TIMER_OF_DECLARE) are in no list
of any version. But each of them has a table of ``struct of_device_id``, whose member `compatible`
is 128 bytes long: the word and zeros. Of the 1,260 words that 7.3.4 lists itself none is missed.
"""

import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

COMPATIBLE_BYTES = 128
"""The length of the member in include/linux/mod_devicetable.h."""

_TREE_ALIAS = re.compile(r"of:N.*?T.*?C(.*?)(?:C\*)?")
_PCI = re.compile(r"pci([0-9a-f]{1,4}),([0-9a-f]{1,4})")
_USB = re.compile(r"usb([0-9a-f]{1,4}),([0-9a-f]{1,4})")
_XZ = b"\xfd7zXZ\0"
_COMPRESSED = re.compile(r"\.ko(\.[a-z0-9]+)?$")


class NotAKernelError(Exception):
    """A folder of modules that lacks a table, or a kernel that is none; with what to do."""


def module_name(word: str) -> str:
    """A module's name, of its file or of a list, as ``lsmod`` writes it."""
    return _COMPRESSED.sub("", word.rpartition("/")[2]).replace("-", "_")


def listed(path: Path) -> list[str]:
    """The words of a list with a comment in lines of its own, as of image/recipe/modules.txt."""
    lines = path.read_text().splitlines()
    return [module_name(line.strip()) for line in lines if line.strip() and line[0] != "#"]


@dataclass(frozen=True)
class Answer:
    """Who drives a device: the kernel itself, or any one of these modules."""

    built_in: bool
    modules: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.built_in or bool(self.modules)


def _by_word(aliases: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The modules by what they answer to: a tree's word as it is, all others as patterns."""
    found: dict[str, set[str]] = {}
    for pattern, module in aliases:
        match = _TREE_ALIAS.fullmatch(pattern)
        found.setdefault(match[1] if match else pattern, set()).add(module_name(module))
    return found


def _file_aliases(path: Path) -> list[tuple[str, str]]:
    words = (line.split() for line in path.read_text().splitlines())
    return [(line[1], line[2]) for line in words if line[:1] == ["alias"] and len(line) == 3]


class Kernel:
    """One kernel with its modules, as they are in the root.

    `whole` is the table of aliases of all modules that Debian's package has, of which the root
    keeps a part: by it a module is named that the root no longer has.
    """

    def __init__(self, image: Path, folder: Path, whole: Path | None = None) -> None:
        self.version = folder.name
        self._image = image.read_bytes()
        if self._image[56:60] != b"ARMd":  # Documentation/arch/arm64/booting.rst, 4
            raise NotAKernelError(f"{image} is no plain kernel of arm64: U-Boot could not start it")
        self._folder = folder
        try:
            depends = (folder / "modules.dep").read_text()
            present = _file_aliases(folder / "modules.alias")
            built = (folder / "modules.builtin").read_text()
            built_info = (folder / "modules.builtin.modinfo").read_text()
        except FileNotFoundError as error:
            raise NotAKernelError(
                f"{error.filename} is missing: run depmod over {folder}"
            ) from error
        self._files = {
            module_name(line.partition(":")[0]): line.partition(":")[0]
            for line in depends.splitlines()
        }
        told = re.findall(r"(?:^|\0)(\w+)\.(\w+)=([^\0]*)", built_info)
        # Those that could be no modules stand in the second alone.
        self.inside = {module_name(line) for line in built.splitlines()} | {one for one, *_ in told}
        """Modules that are built into the kernel."""
        inside = [(value, name) for name, key, value in told if key == "alias"]
        all_modules = _file_aliases(whole) if whole else []
        self._modules = _by_word([*present, *inside, *all_modules])
        self.taken_out = {module_name(name) for _, name in all_modules} - self._files.keys()
        """Modules that Debian's package has and the root has not."""
        self._known: dict[str, Answer] = {}
        self._bytes: dict[str, bytes] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """All modules that the folder has."""
        return frozenset(self._files)

    def closure(self, modules: Iterable[str]) -> frozenset[str]:
        """Those of these that the folder has, and all that modprobe(8) loads before them."""
        found: set[str] = set()
        todo = list(modules)
        while todo:
            one = todo.pop()
            if one in self.names and one not in found:
                found.add(one)
                for word in self.asks_for(one):
                    todo += self.named(word) if not self.named(word) & self.inside else ()
        return frozenset(found)

    def asks_for(self, module: str) -> list[str]:
        """What it wants to be loaded before it: by its symbols, or by its word alone (softdep)."""
        words = ",".join(self.info(module, "depends")).split(",")
        for wanted in self.info(module, "softdep"):
            words += wanted.partition("pre:")[2].partition("post:")[0].split()
        return [word for word in words if word]

    def answers(self, compatible: str) -> Answer:
        """Who drives a device of that word of a tree; also ``pci1de4,1`` and ``usb424,7800``."""
        if compatible not in self._known:
            built_in = _table_entry(compatible) in self._image
            modules = self._modules.get(compatible, set())
            if start := _bus_alias(compatible):
                found = (names for key, names in self._modules.items() if key.startswith(start))
                modules = modules.union(*found)
            self._known[compatible] = self._answer(built_in, modules)
        return self._known[compatible]

    def named(self, word: str) -> frozenset[str]:
        """The modules that modprobe(8) loads for a name: of that name, or of that alias."""
        forms = (word, word.replace("-", "_"), word.replace("_", "-"))
        found = (self._modules.get(form, ()) for form in forms)
        return frozenset([module_name(word)]).union(*found)

    def _answer(self, built_in: bool, names: set[str]) -> Answer:
        return Answer(built_in or bool(names & self.inside), frozenset(names))

    def with_table(self, modules: Iterable[str], compatible: str) -> str | None:
        """The one of these modules that knows that word, though no alias says so.

        So is vc4: it is loaded for the node `gpu`, and then drives hdmi, hvs and pixelvalve, too.
        """
        entry = _table_entry(compatible)
        return next((one for one in sorted(modules) if entry in self._contents(one)), None)

    def info(self, module: str, key: str) -> list[str]:
        """What a module says of itself (modinfo(8)), as its `depends` and its `softdep`."""
        data = self._contents(module)
        found = re.finditer(rb"%s=([^\0]*)\0" % key.encode(), data)
        whole = (one for one in found if not data[one.start() - 1 : one.start()].isalnum())
        return [one[1].decode() for one in whole]

    def _contents(self, module: str) -> bytes:
        if module not in self._bytes:
            file = self._files.get(module)
            data = (self._folder / file).read_bytes() if file else b""
            self._bytes[module] = lzma.decompress(data) if data.startswith(_XZ) else data
        return self._bytes[module]


def _table_entry(compatible: str) -> bytes:
    return b"\0" + compatible.encode().ljust(COMPATIBLE_BYTES, b"\0")


def _bus_alias(compatible: str) -> str | None:
    """How a module's alias for that device of PCI or USB begins."""
    if match := _PCI.fullmatch(compatible):
        return f"pci:v{int(match[1], 16):08X}d{int(match[2], 16):08X}"
    if match := _USB.fullmatch(compatible):
        return f"usb:v{int(match[1], 16):04X}p{int(match[2], 16):04X}"
    return None
