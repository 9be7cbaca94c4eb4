"""RFC 4475's torture messages as bytes, out of the text files beside this one."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "torture"
_HEADING = re.compile(r"^=== (\S+) (\S+) (\S+)\n", re.MULTILINE)
_ONE_LINE = re.compile(r"<allOneLine>\n(.*?)\n</allOneLine>", re.DOTALL)
_REPEAT = re.compile(r"<repeat count=(\d+)>(.*?)</repeat>", re.DOTALL)
_HEX = re.compile(rb"<hex>([0-9A-F]+)</hex>")


@dataclass(frozen=True, slots=True)
class Torture:
    """``section`` of the RFC, ``kind`` is what it files the message under."""

    section: str
    name: str
    kind: str
    data: bytes


def torture_messages() -> list[Torture]:
    """All 49, in the RFC's order."""
    found = []
    for file in ("valid", "invalid", "layers"):
        pieces = _HEADING.split((FOLDER / f"{file}.txt").read_text())[1:]
        for section, name, kind, text in zip(*[iter(pieces)] * 4, strict=True):
            found.append(Torture(section, name, kind, _bytes(text)))
    return found


def _bytes(text: str) -> bytes:
    text = _ONE_LINE.sub(lambda match: match[1].replace("\n", ""), text)
    text = _REPEAT.sub(lambda match: match[2] * int(match[1]), text)
    data = text.encode().replace(b"\n", b"\r\n")
    return _HEX.sub(lambda match: bytes.fromhex(match[1].decode()), data)
