"""Reads a site file whole and tells every problem with its line and its remedy."""

import dataclasses
import difflib
import re
import tomllib
import types
import typing
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.base.config import Site
from appliance.base.errors import BaseLayerError

KNOWN_VALUES: dict[str, tuple[str, ...]] = {
    "site.locale": ("vi", "en"),
    "sip.encryption": ("off", "optional", "required"),
    "clock.trust": ("synchronised", "always"),
}
RANGES: dict[str, tuple[float, float]] = {
    "camera.width": (160, 1920),
    "camera.height": (90, 1080),
    "camera.fps": (5, 60),
    "tv.width": (640, 1920),
    "tv.height": (360, 1080),
    "call.bitrate": (100_000, 8_000_000),
    "call.spread": (0, 60),
    "sip.session": (90, 86_400),
}
_SERVER = (r"|sips?:[^\s@<>]+", "sip:host;transport=tls, without a user")
_KEYS = (r"[0-9A-D*#]{0,16}", "keys of a telephone, e.g. 99 or *6")
_STEP = r"(wait\s+[0-9]{1,2}(\.[0-9]+)?(\s*s)?|[0-9A-D*#]{1,32})"
FORMS: dict[str, tuple[str, str]] = {
    "sip.user": (r"[^\s@:\"<>]{0,64}", "the name alone, without @ and domain"),
    "sip.registrar": _SERVER,
    "sip.outbound_proxy": _SERVER,
    "sip.entry_queue": (rf"|{_STEP}(\s*,\s*{_STEP})*", "e.g. wait 4, 1234#, wait 3, 9999#"),
    "sip.hand": _KEYS,
    "sip.mic_off": _KEYS,
    "sip.mic_on": _KEYS,
    "site.id": (r"[a-z0-9][a-z0-9-]{0,62}", "small letters, digits and hyphens, e.g. ia-kly"),
    "site.name": (r".{1,60}", "the name people know, 1 to 60 letters"),
    "agenda.url": (r"(https?://\S+|file:\S+|/\S+)", "https://… or a file"),
    "province.broker": (r"|mqtts://[^\s/@]+", "mqtts://host:8883"),
    "province.url": (r"|https://\S+", "https://host"),
    "province.releases": (r"|https://[^\s@]+\.raucb", "https://host/name.raucb"),
    "camera.source": (r"none|(v4l2|file|lavfi):.+", "v4l2:/dev/video0, file:…, lavfi:… or none"),
    "microphone.source": (r"none|(alsa|file|lavfi):.+", "alsa:default, file:…, lavfi:… or none"),
}


@dataclass(frozen=True, slots=True)
class SiteFileProblem:
    """One thing wrong in a site file: where, what, and what to do."""

    line: int
    """0 where no line can be named."""
    key: str
    message: str
    """What is wrong, without the value."""
    remedy: str
    value: str = ""
    """What stands there, for whoever reads the file anyway: it may be a PIN."""

    def __str__(self) -> str:
        value = f"{self.value} " if self.value else ""
        return self._sentence(f"{value}{self.message}")

    def without_value(self) -> str:
        """The same sentence for a screen, or a file that everybody may read."""
        return self._sentence(self.message)

    def _sentence(self, message: str) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key}: {message}; {self.remedy}"


class SiteFileError(BaseLayerError):
    """The site file has problems; ``problems`` lists all of them."""

    def __init__(self, problems: list[SiteFileProblem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def read_site(path: Path) -> Site:
    """The site that `path` describes.

    Raises `SiteFileError` with every problem of the file, never only the first.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        problem = SiteFileProblem(
            0, str(path), error.strerror or "cannot be read", "put the file there"
        )
        raise SiteFileError([problem]) from error
    return parse_site(text)


def parse_site(raw: bytes) -> Site:
    """The same from bytes; a BOM and the line ends of Notepad are welcome."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        problem = SiteFileProblem(
            raw[: error.start].count(b"\n") + 1, "file", "not UTF-8", "save as UTF-8"
        )
        raise SiteFileError([problem]) from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        problem = SiteFileProblem(line, "file", str(error), 'correct this line, e.g. key = "text"')
        raise SiteFileError([problem]) from error
    except RecursionError as error:
        problem = SiteFileProblem(0, "file", "brackets within brackets without end", "remove them")
        raise SiteFileError([problem]) from error
    problems = list(_problems_of_tables(tree, text))
    if problems:
        raise SiteFileError(problems)
    sections: dict[str, Any] = {}
    for spec in dataclasses.fields(Site):
        if spec.name in tree:
            values = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in tree[spec.name].items()
            }
            sections[spec.name] = _section_type(spec.name)(**values)
    return Site(**sections)


def _section_type(name: str) -> type[Any]:
    found: type[Any] = typing.get_type_hints(Site)[name]
    return found


def _problems_of_tables(tree: dict[str, Any], text: str) -> Iterator[SiteFileProblem]:
    sections = {spec.name: spec for spec in dataclasses.fields(Site)}
    for name, table in tree.items():
        if name not in sections:
            yield SiteFileProblem(
                _line(text, name), name, "unknown section", _meant(name, sections)
            )
        elif not isinstance(table, dict):
            yield SiteFileProblem(_line(text, name, name), name, "not a section", f"write [{name}]")
    for name, spec in sections.items():
        required = spec.default_factory is dataclasses.MISSING
        if name in tree and isinstance(tree[name], dict):
            yield from _problems_of_section(name, tree[name], text)
        elif required and name not in tree:
            yield SiteFileProblem(0, name, "section is missing", f"add [{name}]")


def _problems_of_section(name: str, table: dict[str, Any], text: str) -> Iterator[SiteFileProblem]:
    kind = _section_type(name)
    hints = typing.get_type_hints(kind)
    for key, value in table.items():
        line, full = _line(text, name, key), f"{name}.{key}"
        if key not in hints:
            yield SiteFileProblem(line, full, "unknown key", _meant(key, hints))
        elif not _fits(value, hints[key]):
            wanted = getattr(hints[key], "__name__", str(hints[key]))
            yield SiteFileProblem(
                line, full, "is of the wrong kind", f"give a {wanted}", repr(value)
            )
        else:
            yield from _problems_of_value(line, full, value)
    for spec in dataclasses.fields(kind):
        if spec.default is dataclasses.MISSING and spec.name not in table:
            full = f"{name}.{spec.name}"
            yield SiteFileProblem(_line(text, name), full, "is missing", f"add {spec.name} = …")


def _problems_of_value(line: int, full: str, value: Any) -> Iterator[SiteFileProblem]:
    if full in KNOWN_VALUES and value not in KNOWN_VALUES[full]:
        remedy = "one of " + ", ".join(KNOWN_VALUES[full])
        yield SiteFileProblem(line, full, "is unknown", remedy, repr(value))
    if full in RANGES and not RANGES[full][0] <= value <= RANGES[full][1]:
        low, high = RANGES[full]
        remedy = f"between {low:g} and {high:g}"
        yield SiteFileProblem(line, full, "is out of range", remedy, str(value))
    if full in FORMS and not re.fullmatch(FORMS[full][0], value):
        yield SiteFileProblem(line, full, "has the wrong form", FORMS[full][1], repr(value))
    if full == "site.zone" and value not in zoneinfo.available_timezones():
        remedy = "e.g. Asia/Ho_Chi_Minh"
        yield SiteFileProblem(line, full, "is no time zone", remedy, repr(value))


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, types.GenericAlias):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def _meant(word: str, known: dict[str, Any]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else "one of " + ", ".join(known)


def _line(text: str, section: str, key: str = "") -> int:
    """The line of a key in its section, 0 where it cannot be found (inline tables)."""
    inside = ""
    for number, line in enumerate(text.split("\n"), 1):
        head = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
        if head:
            inside = head.group(1)
            if inside == section and not key:
                return number
        elif key and inside in (section, "") and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return 0
