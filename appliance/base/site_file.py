"""Reads a site file whole and tells every problem with its line and its remedy."""

import dataclasses
import difflib
import ipaddress
import re
import tomllib
import types
import typing
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import category

from appliance.base.config import Site
from appliance.base.errors import BaseLayerError
from appliance.base.texts import text
from appliance.core.message import N_
from appliance.core.remedies.network_settings import network_problems
from appliance.wire.address import Address, AddressError
from appliance.wire.host import HostProblem, host_problem, url_problem

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
    "tv.margin": (0, 5),
    "call.bitrate": (100_000, 8_000_000),
    "call.spread": (0, 60),
    "sip.session": (90, 86_400),
    "network.vlan": (0, 4094),
}
_SERVER = (r"|sips?:[^\s@<>]+", N_("sip:host;transport=tls, without a user"))
_KEYS = (r"[0-9A-D*#]{0,16}", N_("keys of a telephone, e.g. 99 or *6"))
_STEP = r"(wait\s+[0-9]{1,2}(\.[0-9]+)?(\s*s)?|([0-9A-D*#]|\{id\}|\{pin\}){1,32})"
_CONFERENCE = r"(?=.*\{id\})(\{(id|pin|queue)\}|[A-Za-z0-9._*#$+-]){1,64}"
FORMS: dict[str, tuple[str, str]] = {
    "sip.user": (r"[^\s@:\"<>]{0,64}", N_("the name alone, without @ and domain")),
    "sip.registrar": _SERVER,
    "sip.outbound_proxy": _SERVER,
    "sip.entry_queue": (rf"|{_STEP}(\s*,\s*{_STEP})*", N_("e.g. wait 4, {id}#, wait 3, {pin}#")),
    "sip.conference": (rf"|{_CONFERENCE}", N_("e.g. {queue}##{id}##{pin}, or {id}")),
    "sip.extension": (r"[0-9A-Za-z._+-]{0,32}", N_("the number of this site alone")),
    "sip.hand": _KEYS,
    "sip.mic_off": _KEYS,
    "sip.mic_on": _KEYS,
    "site.id": (r"[a-z0-9][a-z0-9-]{0,62}", N_("small letters, digits and hyphens, e.g. ia-kly")),
    "site.name": (r".{1,60}", N_("the name people know, 1 to 60 letters")),
    "agenda.url": (r"(https?://\S+|file:\S+|/\S+)", N_("https://… or a file")),
    "province.broker": (r"|mqtts://[^\s/@]+", N_("mqtts://host:8883")),
    "province.url": (r"|https://\S+", N_("https://host")),
    "province.releases": (r"|https://[^\s@]+\.raucb", N_("https://host/name.raucb")),
    "help.telephone": (r"|\+?[0-9][0-9 .()-]{1,30}", N_("a number, e.g. 0269 3 824 808")),
    "help.link": (r"|https://\S{1,200}", N_("https://…, e.g. of a group on Zalo")),
    "network.proxy": (r"|https?://[^\s/@]+", N_("http://host:port")),
    "network.wifi": (r".{0,64}", N_("the name of the network, at most 32 letters")),
    "camera.source": (
        r"none|(v4l2|file|lavfi):.+",
        N_("v4l2:/dev/video0, file:…, lavfi:… or none"),
    ),
    "microphone.source": (
        r"none|(alsa|file|lavfi):.+",
        N_("alsa:default, file:…, lavfi:… or none"),
    ),
}
ADDRESSES: dict[str, tuple[str, ...]] = {
    "agenda.url": ("http", "https"),
    "province.broker": ("mqtts",),
    "province.url": ("https",),
    "province.releases": ("https",),
    "help.link": ("https",),
    "network.proxy": ("http", "https"),
    "sip.registrar": ("sip", "sips"),
    "sip.outbound_proxy": ("sip", "sips"),
}
"""With the schemes whose host and port are looked at."""
HOST_LISTS: dict[str, str] = {
    "agenda.hosts": N_("write the name of the meeting server alone, e.g. mcu.gialai.gov.vn"),
    "clock.servers": N_("write the name of the time server alone, e.g. ntp.gialai.gov.vn"),
}
"""With what to write where one of them is no host."""
_IP_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "network.address": (ipaddress.ip_interface, N_("e.g. 10.20.30.40/24")),
    "network.gateway": (ipaddress.ip_address, N_("e.g. 10.20.30.1")),
    "network.dns": (ipaddress.ip_address, N_("e.g. 10.20.30.1")),
}
HOST_WORDS: dict[HostProblem, str] = {
    HostProblem.EMPTY: N_("names no host"),
    HostProblem.LETTERS: N_("is no host: letters a to z, digits, hyphens and single dots"),
    HostProblem.LONG: N_("has a host with too long a name"),
    HostProblem.PUNYCODE: N_("has no name behind xn--"),
    HostProblem.BRACKETS: N_("has brackets without an IPv6 address"),
    HostProblem.DIGITS: N_("has numbers alone that are no IPv4 address"),
    HostProblem.PORT: N_("has a port that is no number from 1 to 65535"),
    HostProblem.BLANK: N_("has a blank or an invisible letter in it"),
    HostProblem.SCHEME: N_("begins in another way"),
}
MAX_SHOWN = 80
"""Letters of a value in a problem."""


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
    message_vi: str = ""
    remedy_vi: str = ""
    """The same two in Vietnamese."""

    @classmethod
    def of(
        cls, line: int, key: str, message: str, remedy: str, value: object = "", **values: object
    ) -> "SiteFileProblem":
        """A problem by message ids, with the `values` that both have in braces."""
        words = [
            text(locale)(one, **values) for locale in ("en", "vi") for one in (message, remedy)
        ]
        return cls(line, key, words[0], words[1], shown_value(value), words[2], words[3])

    def in_vietnamese(self, *, shown: bool = True) -> str:
        """The sentence for the clerk who wrote the file; with the value where it may be `shown`."""
        where = f"dòng {self.line}: " if self.line else ""
        value = f"{self.value} " if self.value and shown else ""
        message, remedy = self.message_vi or self.message, self.remedy_vi or self.remedy
        return f"{where}{self.key}: {value}{message}; {remedy}"

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
        content = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = SiteFileProblem.of(line, "file", N_("not UTF-8"), N_("save as UTF-8"))
        raise SiteFileError([problem]) from error
    try:
        tree = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else content.count("\n") + 1
        problem = SiteFileProblem.of(
            line, "file", N_("this line cannot be read ({why})"),
            N_('correct it, e.g. key = "text"'), why=str(error)[:200],
        )  # fmt: skip
        raise SiteFileError([problem]) from error
    except RecursionError as error:
        problem = SiteFileProblem.of(
            _longest(content, r"[\[{]"), "file", N_("brackets within brackets without end"),
            N_("remove them"),
        )  # fmt: skip
        raise SiteFileError([problem]) from error
    except ValueError as error:  # Python reads no number of more than 4300 digits
        problem = SiteFileProblem.of(
            _longest(content, r"[0-9_]"), "file", N_("a number with too many digits"),
            N_("write a shorter number"),
        )  # fmt: skip
        raise SiteFileError([problem]) from error
    problems = list(_problems_of_tables(tree, content))
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


def _problems_of_tables(tree: dict[str, Any], content: str) -> Iterator[SiteFileProblem]:
    sections = {spec.name: spec for spec in dataclasses.fields(Site)}
    for name, table in tree.items():
        if name not in sections:
            remedy, values = _meant(name, sections)
            yield SiteFileProblem.of(
                _line(content, name), name, N_("unknown section"), remedy, **values
            )
        elif not isinstance(table, dict):
            yield SiteFileProblem.of(
                _line(content, name, name),
                name,
                N_("not a section"),
                N_("write [{name}]"),
                name=name,
            )
    for name, spec in sections.items():
        required = spec.default_factory is dataclasses.MISSING
        if name in tree and isinstance(tree[name], dict):
            found = list(_problems_of_section(name, tree[name], content))
            yield from found or _problems_of_whole(name, tree[name], content)
        elif required and name not in tree:
            yield SiteFileProblem.of(
                0, name, N_("section is missing"), N_("add [{name}]"), name=name
            )


def _problems_of_section(
    name: str, table: dict[str, Any], content: str
) -> Iterator[SiteFileProblem]:
    kind = _section_type(name)
    hints = typing.get_type_hints(kind)
    for key, value in table.items():
        line, full = _line(content, name, key), f"{name}.{key}"
        if key not in hints:
            remedy, values = _meant(key, hints)
            yield SiteFileProblem.of(line, full, N_("unknown key"), remedy, **values)
        elif not _fits(value, hints[key]):
            wanted = getattr(hints[key], "__name__", str(hints[key]))
            yield SiteFileProblem.of(
                line, full, N_("is of the wrong kind"), N_("give a {wanted}"), value, wanted=wanted
            )
        else:
            yield from _problems_of_value(line, full, value)
    for spec in dataclasses.fields(kind):
        if spec.default is dataclasses.MISSING and spec.name not in table:
            full = f"{name}.{spec.name}"
            yield SiteFileProblem.of(
                _line(content, name), full, N_("is missing"), N_("add {name} = …"), name=spec.name
            )


def _problems_of_whole(name: str, table: dict[str, Any], content: str) -> Iterator[SiteFileProblem]:
    """What does not go together, of a section whose values are each right."""
    if name == "network":
        for key, message, remedy in network_problems(table):
            line = _line(content, name, key)
            yield SiteFileProblem.of(line, f"{name}.{key}", message, remedy, table.get(key, ""))


def _problems_of_value(line: int, full: str, value: Any) -> Iterator[SiteFileProblem]:
    of = SiteFileProblem.of
    if full in KNOWN_VALUES and value not in KNOWN_VALUES[full]:
        known = ", ".join(KNOWN_VALUES[full])
        yield of(line, full, N_("is unknown"), N_("one of {known}"), value, known=known)
    if full in RANGES and not RANGES[full][0] <= value <= RANGES[full][1]:
        low, high = (f"{bound:g}" for bound in RANGES[full])
        remedy = N_("between {low} and {high}")
        yield of(line, full, N_("is out of range"), remedy, value, low=low, high=high)
    if full in FORMS and not re.fullmatch(FORMS[full][0], value):
        yield of(line, full, N_("has the wrong form"), FORMS[full][1], value)
    elif full in ADDRESSES and value:
        yield from _problems_of_address(line, full, value)
    elif full == "site.name" and not is_readable(value):
        remedy = N_("write the name that people know")
        yield of(line, full, N_("is blank, or holds invisible letters"), remedy, value)
    if full in HOST_LISTS:
        for host in value:
            problem = host_problem(host.removeprefix("."))
            if problem is not None:
                yield of(line, full, HOST_WORDS[problem], HOST_LISTS[full], host)
    if full in _IP_FORMS and value:
        words = value if isinstance(value, tuple | list) else [value]
        for word in words:
            if not _is_ip(_IP_FORMS[full][0], word):
                yield of(line, full, N_("has the wrong form"), _IP_FORMS[full][1], word)
    if full == "site.zone" and value not in zoneinfo.available_timezones():
        yield of(line, full, N_("is no time zone"), N_("e.g. Asia/Ho_Chi_Minh"), value)


def _is_ip(read: Callable[[str], object], word: str) -> bool:
    try:
        read(word)
    except ValueError:
        return False
    return "%" not in word  # a scope is of one machine, and may hold anything


def _problems_of_address(line: int, full: str, value: str) -> Iterator[SiteFileProblem]:
    """What makes a connection to an address impossible, before anybody tries it."""
    schemes = ADDRESSES[full]
    if "sip" in schemes:
        try:
            Address.parse(value)
        except AddressError:
            yield SiteFileProblem.of(line, full, N_("has the wrong form"), FORMS[full][1], value)
    elif value.lower().startswith(tuple(f"{scheme}:" for scheme in schemes)):
        problem = url_problem(value, schemes)
        if problem is not None:
            yield SiteFileProblem.of(line, full, HOST_WORDS[problem], FORMS[full][1], value)


def is_readable(name: str) -> bool:
    """Whether people can read `name`: no control letters, none of no width, and not blank."""
    return bool(name.strip()) and not any(category(one)[0] == "C" for one in name)


def shown_value(value: object) -> str:
    """`value` as it is written, shortened; a number of 5,000 digits has no such text."""
    if value == "":
        return ""
    try:
        written = repr(value)
    except (ValueError, RecursionError):
        return "…"
    return written if len(written) <= MAX_SHOWN else f"{written[: MAX_SHOWN - 1]}…"


def _longest(content: str, letters: str) -> int:
    """The line with the most of these letters."""
    lines = content.split("\n")
    counts = [len(re.findall(letters, line)) for line in lines]
    return counts.index(max(counts)) + 1


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, types.GenericAlias):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def _meant(word: str, known: dict[str, Any]) -> tuple[str, dict[str, str]]:
    close = difflib.get_close_matches(word[:MAX_SHOWN], list(known), n=1)
    if close:
        return N_("did you mean {known}?"), {"known": close[0]}
    return N_("one of {known}"), {"known": ", ".join(known)}


def _line(content: str, section: str, key: str = "") -> int:
    """The line of a key in its section, 0 where it cannot be found (inline tables)."""
    inside = ""
    for number, line in enumerate(content.split("\n"), 1):
        head = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
        if head:
            inside = head.group(1)
            if inside == section and not key:
                return number
        elif key and inside in (section, "") and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return 0
