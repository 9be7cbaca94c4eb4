"""A disk whose power can be cut in the middle of any operation, and what a start finds on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.card.site_file_on_card import SiteFileOnCard, take_apart, with_authorities
from services.provisioning.disk import SITE_FILE_NAMES
from services.provisioning.disk_ops import (
    DiskOp,
    DiskOps,
    Overwrite,
    PointTo,
    RemoveTree,
    Replace,
    WriteFile,
)
from services.provisioning.provision import AUTHORITIES, RECORD, RESULT, SETTLED, InForce, plan

Mixed = Callable[[bytes, bytes], bytes]
"""What a cut leaves of (old bytes, new bytes) that were being overwritten."""


@dataclass
class CutDisk:
    """Files and links by path."""

    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def perform(self, operation: DiskOp) -> None:
        match operation:
            case RemoveTree(path):
                for name in [name for name in self.files if name.startswith(path + "/")]:
                    del self.files[name]
            case PointTo(path, target):
                self.links[path] = target
            case Overwrite(path, content):
                assert len(content) == len(self.files[path])
                self.files[path] = content
            case WriteFile(path, content) | Replace(path, content):
                self.files[path] = content

    def cut(self, operation: DiskOp, share: float, mixed: Mixed) -> None:
        """`operation` half done; a link is of the old state, since it is renamed."""
        match operation:
            case RemoveTree(path):
                inside = sorted(name for name in self.files if name.startswith(path + "/"))
                for name in inside[: round(len(inside) * share)]:
                    del self.files[name]
            case Overwrite(path, content):
                self.files[path] = mixed(self.files[path], content)
            case WriteFile(path, content) | Replace(path, content):
                self.files[path] = content[: round(len(content) * share)]

    def in_force(self, name: str) -> bytes | None:
        """A file below data/site."""
        if "data/site" not in self.links:
            return None
        return self.files.get(f"data/{self.links['data/site']}/{name}")

    def kept(self) -> InForce | None:
        if "data/site" not in self.links:
            return None
        folder = f"data/{self.links['data/site']}"
        inside = f"{folder}/secrets/"
        secrets = {
            name.removeprefix(inside): content
            for name, content in self.files.items()
            if name.startswith(inside)
        }
        digest = self.files[f"{folder}/{RECORD}"].decode().split('"')[3]
        number = int(folder.rpartition("/")[2])
        settled = f"{folder}/{SETTLED}" in self.files
        return InForce(number, digest, secrets, settled, self.in_force(AUTHORITIES) or b"")

    def on_card(self) -> tuple[str, SiteFileOnCard | None]:
        for name in SITE_FILE_NAMES:
            if f"boot/{name}" in self.files:
                ca = self.files.get("boot/ca.pem", b"")
                found = take_apart(self.files[f"boot/{name}"], ca)
                known = self.in_force(AUTHORITIES) or b""
                return f"boot/{name}", with_authorities(found, known)
        return "", None

    def due(self) -> DiskOps:
        """What a start would do now."""
        path, on_card = self.on_card()
        return plan(on_card, path, self.kept(), self.files.get(RESULT, b""), "10000000abcdef")

    def start(self) -> None:
        for operation in self.due():
            self.perform(operation)
