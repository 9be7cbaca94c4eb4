"""The address of a meeting as a value: which dialer it is for, where it goes, and what it carries.

Three forms, one dialer each (RFC 3261 section 19.1 for the first):

* ``sip:724999@mcu.gialai.gov.vn;transport=tls`` and ``sips:…``
* ``janus+wss://host[:port]/path?room=1234[&pin=…]`` and ``janus+ws://…``
* ``loopback:`` or ``loopback:name``
"""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from appliance.wire.host import host_problem, is_port

SCHEMES = frozenset({"sip", "sips", "janus+ws", "janus+wss", "loopback"})
"""What can be dialled; an address of any other scheme is for a browser or a telephone."""

MAX_LENGTH = 1024
"""Characters; no true address comes near, and a log line has to hold it."""

_SECRETS = frozenset({"pin", "secret", "token", "password"})
_SIP_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+")
_SIP_PARAMETER = re.compile(r"[A-Za-z0-9\-_.!~*'()%+:\[\]/&$]+")
_NAME = re.compile(r"[A-Za-z0-9._-]*")
_NAMES_ONE = re.compile(r"(?<![\w+.-])(sips?|janus\+wss?|loopback)\s?:", re.IGNORECASE)
_PLACE_IN_TEXT = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::[0-9]+)?"
# Behind a host only these parameters belong to it; anything else is the sentence going on.
_SIP_IN_TEXT = re.compile(
    r"(?:(?P<slashes>//)|(?P<blank>[ \u00a0]))?"
    r"(?P<user>(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+@)?"
    rf"(?P<place>{_PLACE_IN_TEXT})"
    r"(?P<tail>(?:;(?:(?:transport|user|method|maddr|ttl)=[A-Za-z0-9.-]*[A-Za-z0-9]|lr)\b)*)",
    re.IGNORECASE | re.ASCII,
)
_UNSEEN = "[\u00ad\u200b-\u200d\u2060\ufeff]"
# Mail programs let a long host break at its dots, with a letter of no width.
_BREAK_IN_HOST = re.compile(rf"(?<=[.@:]){_UNSEEN}+(?=[a-z0-9])|{_UNSEEN}+(?=[.@][a-z0-9])")
_WIDE = str.maketrans({"\N{FULLWIDTH COLON}": ":", "\N{FULLWIDTH COMMERCIAL AT}": "@"})
# What was read as a host is the begin of a user: "phòng@mcu.vn", "7249%40mcu.vn".
_USER_GOES_ON = re.compile(r"\s*@|[^\s;,|<>\"]*(?:@|%40)")
_HOST_GOES_ON = re.compile(r"[^\W_][\w-]*\.\w")
_NEXT_SENTENCE = re.compile(r"(?<=\.vn)\.[A-Z].*$")
_NEXT_WORD = re.compile(r"(?<=\.vn)\.[A-Za-z]+$")
_JANUS_IN_TEXT = re.compile(
    rf"//{_PLACE_IN_TEXT}"
    r"(?:/[A-Za-z0-9\-._~/%@+=]*)?(?:\?[A-Za-z0-9\-._~/%@+=&:$]*)?",
    re.ASCII,
)


class AddressError(ValueError):
    """Not an address that can be dialled; says what is wrong and what a right one looks like."""


_EXAMPLES = {
    "sip": "sip:724999@mcu.gialai.gov.vn;transport=tls",
    "janus": "janus+wss://hop.gialai.gov.vn/janus?room=1234",
    "loopback": "loopback:",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One address, parsed; `str` gives it back whole, `shown` and `repr` without its secrets.

    ``user`` is SIP's, ``path``, ``room`` and ``pin`` are Janus's; ``room`` is also the name after
    ``loopback:``. ``parameters`` are what SIP has after semicolons and Janus beside room and pin,
    in their order; a parameter without a value has "".
    """

    scheme: str
    host: str = ""
    port: int | None = None
    user: str = ""
    path: str = ""
    room: str = ""
    pin: str = field(default="", repr=False)
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `text`; raises `AddressError`, whose sentence never holds a pin."""
        scheme, colon, rest = text.strip().partition(":")
        scheme = scheme.lower()
        if not colon or scheme not in SCHEMES:
            known = ", ".join(f"{name}:" for name in sorted(SCHEMES))
            raise AddressError(
                f"{scheme[:40]!r} is no scheme that can be dialled; known are {known}"
            )
        if len(text) > MAX_LENGTH or re.search(r"[\x00-\x20\x7f]", rest):
            raise _wrong(scheme, "too long, or with spaces or control characters in it")
        if scheme == "loopback":
            if not _NAME.fullmatch(rest):
                raise _wrong(scheme, "only letters, digits, dots and hyphens may follow the colon")
            return cls(scheme, room=rest)
        return _sip(scheme, rest) if scheme.startswith("sip") else _janus(scheme, rest)

    def parameter(self, name: str, default: str = "") -> str:
        """The value of a parameter, whatever the case of its name."""
        return next((value for key, value in self.parameters if key == name.lower()), default)

    @property
    def url(self) -> str:
        """Where the WebSocket of a Janus server is, ``wss://host:port/path``; "" for the others."""
        if not self.scheme.startswith("janus+"):
            return ""
        return f"{self.scheme.removeprefix('janus+')}://{self._place}{self.path}"

    @property
    def shown(self) -> str:
        """The address for people and logs: every secret is ``***``."""
        return self._text(secrets=False)

    def __str__(self) -> str:
        return self._text(secrets=True)

    @property
    def _place(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def _text(self, *, secrets: bool) -> str:
        if self.scheme == "loopback":
            return f"loopback:{self.room}"
        if self.scheme.startswith("sip"):
            user = f"{self.user}@" if self.user else ""
            tail = "".join(
                f";{k}={_masked(k, v, secrets)}" if v else f";{k}" for k, v in self.parameters
            )
            return f"{self.scheme}:{user}{self._place}{tail}"
        pairs = [("room", self.room), *([("pin", self.pin)] if self.pin else []), *self.parameters]
        query = "&".join(f"{_safe(k)}={_masked(k, _safe(v), secrets)}" for k, v in pairs)
        return f"{self.scheme}://{self._place}{self.path}?{query}"


def addresses_in(text: str) -> list[Address]:
    """Every address in a text that people wrote, in order; what only looks like one is left out.

    Each ends before the first character that no address has, so that whatever stands right behind
    it (a colon, a bracket, a word with an accent, a space of no width) takes nothing away. Where
    that would leave half of a user, host or room (``sip:phòng@mcu.vn``) there is no address, for
    another would be dialled. Texts come out of web pages and mails, too: ``&amp;``, ``sip://`` and
    a blank after ``SIP:`` are read.
    """
    plain = _plain(text)
    found = []
    for match in _NAMES_ONE.finditer(plain):
        scheme = match[1].lower()
        written = _written(scheme, plain, match.end())
        try:
            found.append(Address.parse(f"{scheme}:{written}"))
        except AddressError:
            continue
    return found


def names_one(text: str) -> bool:
    """Whether `text` names a scheme that can be dialled, so that somebody meant an address."""
    return bool(_NAMES_ONE.search(_plain(text)))


def _plain(text: str) -> str:
    return _BREAK_IN_HOST.sub("", html.unescape(text).translate(_WIDE))


def _written(scheme: str, text: str, at: int) -> str:
    """What follows the colon at `at` as far as it belongs to the address; "" for none."""
    if scheme == "loopback":
        return _NAME.match(text, at)[0].rstrip(".")  # type: ignore[index] # it matches "" too
    if scheme.startswith("sip"):
        found = _SIP_IN_TEXT.match(text, at)
        return "" if found is None or _is_half(found, text) else _without_sentence(found, text)
    found = _JANUS_IN_TEXT.match(text, at)
    if found is None or (found[0][-1].isalpha() and _accented(text, found.end())):
        return ""  # half of a room's name
    return found[0].rstrip(".:")


def _is_half(found: re.Match[str], text: str) -> bool:
    """Whether only a part of a user or a host was found: another would be dialled."""
    place, end = found["place"], found.end()
    if not found["user"]:
        # "SIP: 12" in a sentence, a name with an accent, a password
        other = "." not in place or text[end : end + 1] == ":" or _USER_GOES_ON.match(text, end)
        return bool(other)
    return _accented(text, end) and ("." not in place or bool(_HOST_GOES_ON.match(text, end)))


def _without_sentence(found: re.Match[str], text: str) -> str:
    user, place = found["user"] or "", found["place"]
    behind = _NEXT_WORD if _accented(text, found.end()) else _NEXT_SENTENCE
    shorter = behind.sub("", _NEXT_SENTENCE.sub("", place))
    return f"{user}{place}{found['tail']}" if shorter == place else f"{user}{shorter}"


def _accented(text: str, at: int) -> bool:
    """Whether a letter beyond ASCII stands at `at`."""
    return text[at : at + 1] > "\x7f" and text[at].isalpha()


def shown(address: str) -> str:
    """`address` without its secrets, also where it is none; "" stays ""."""
    if not address:
        return ""
    try:
        return Address.parse(address).shown
    except AddressError:
        return address.split("?", 1)[0][:80]


def _sip(scheme: str, rest: str) -> Address:
    before, _, after = rest.rpartition("@")
    place, *parameters = after.split(";")
    if "?" in after:
        raise _wrong(scheme, "a SIP address for a meeting carries no headers after '?'")
    if ":" in before:
        raise _wrong(scheme, "a password in a SIP address would be seen by everyone")
    if "@" in rest and not _SIP_USER.fullmatch(before):
        raise _wrong(scheme, "before the '@' stands the number or name of the room")
    host, port = _split_place(scheme, place)
    pairs = []
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if not _SIP_PARAMETER.fullmatch(name) or (value and not _SIP_PARAMETER.fullmatch(value)):
            raise _wrong(scheme, f"the parameter {name[:40]!r} is malformed")
        pairs.append((name.lower(), value))
    return Address(scheme, host, port, user=before, parameters=tuple(pairs))


def _janus(scheme: str, rest: str) -> Address:
    try:
        parts = urlsplit(f"janus:{rest}")
    except ValueError as error:
        raise _wrong(scheme, "the host cannot be read") from error
    if not rest.startswith("//") or "@" in parts.netloc or parts.fragment:
        raise _wrong(scheme, "after '://' stands the host, without name, password or '#'")
    host, port = _split_place(scheme, parts.netloc)
    room, pin, others = "", "", []
    for piece in filter(None, parts.query.split("&")):
        key, _, value = piece.partition("=")
        name, plain = unquote(key).lower(), unquote(value)
        if name == "room":
            room = plain
        elif name == "pin":
            pin = plain
        else:
            others.append((name, plain))
    if not room:
        raise _wrong(scheme, "it names no room")
    path = quote(unquote(parts.path), safe="/-._~!$&'()*+,;=:@")
    return Address(scheme, host, port, path=path, room=room, pin=pin, parameters=tuple(others))


def _split_place(scheme: str, place: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(\[.*\]|.*?)(?::([0-9]*))?", place.lower())
    host, digits = match.groups() if match else ("", None)
    problem = host_problem(host or "")
    if problem is not None:
        raise _wrong(
            scheme, f"{place[:60]!r} is no host (names with accents begin with xn--): {problem}"
        )
    if digits is not None and not is_port(digits):
        raise _wrong(scheme, f"port {digits[:20]} is not between 1 and 65535")
    return host, None if digits is None else int(digits)


def _wrong(scheme: str, what: str) -> AddressError:
    kind = "sip" if scheme.startswith("sip") else scheme.partition("+")[0]
    return AddressError(f"{what}; a right one is {_EXAMPLES[kind]}")


def _safe(text: str) -> str:
    return quote(text, safe="")


def _masked(name: str, value: str, secrets: bool) -> str:
    return value if secrets or name not in _SECRETS else "***"
