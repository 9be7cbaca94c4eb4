"""Session descriptions as values (RFC 8866): tolerant in parsing, strict in printing.

`str(Description.parse(text))` gives back the lines of any well-formed text. What is malformed in
a way that real far ends show (bare line feeds, blanks, missing lines) is understood and printed
well-formed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from appliance.dialers.api import DialersError

MAX_TEXT = 65_536  # characters; an MCU's offer has 2 to 4 kB
MAX_MEDIA = 32
MAX_LINES = 1_000
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_UNPRINTABLE = re.compile(r"[\r\n\0]")
_LINE_END = re.compile(r"\r\n|\n|\r")
_BEFORE_CONNECTION = "iuep"
_TIMES = "trz"
_NO_MEDIUM = ("unknown", "0", "RTP/AVP")  # what a m= line without these words is read as


class SdpError(DialersError):
    """A description cannot be read or agreed to; `detail` is a sentence for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Connection:
    """A c= line; `family` is "IP4" or "IP6"."""

    host: str
    family: str = "IP4"

    @classmethod
    def parse(cls, value: str) -> "Connection":
        """From `IN IP4 192.0.2.1/127`; raises SdpError."""
        words = value.split()
        if words[:1] and words[0].upper() in ("IP4", "IP6"):
            words.insert(0, "IN")
        if len(words) < 3:
            raise SdpError(f"the far end's connection line {value[:60]!r} names no address")
        return cls(words[2].partition("/")[0].strip("[]"), words[1].upper())

    def __str__(self) -> str:
        return f"IN {self.family} {self.host}"

    @classmethod
    def to(cls, host: str) -> "Connection":
        """To an address as it stands."""
        return cls(host, "IP6" if ":" in host else "IP4")

    @property
    def is_nowhere(self) -> bool:
        """0.0.0.0, the old way to put on hold (RFC 3264 section 8.4)."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class Origin:
    """An o= line."""

    user: str = "-"
    session: str = "0"
    version: str = "0"
    connection: Connection = Connection("127.0.0.1")

    @classmethod
    def parse(cls, value: str) -> "Origin":
        """From `user session version IN IP4 host`; what is missing gets a default."""
        words = value.split()
        if len(words) < 6:
            words = [*words, *["-", "0", "0", "IN", "IP4", "127.0.0.1"][len(words) :]]
        return cls(words[0], words[1], words[2], Connection(words[5], words[4].upper()))

    def __str__(self) -> str:
        return f"{self.user} {self.session} {self.version} {self.connection}"


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A b= line: "AS" in kbit/s with all headers, "TIAS" in bit/s without (RFC 3890)."""

    kind: str
    value: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True, repr=False)
class Attribute:
    """An a= line; `value` is None for a flag. Keys are not shown in `repr`."""

    name: str
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Attribute":
        """Read what follows "a=": a name, or a name, a colon and a value (RFC 8866, 5.13)."""
        name, colon, value = text.partition(":")
        return cls(name.strip(), value.strip() if colon else None)

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"

    def __repr__(self) -> str:
        return "<crypto>" if self.name.lower() == "crypto" else f"<{self}>"


@dataclass(frozen=True, slots=True)
class Media:
    """One m= line and what belongs to it. `port` 0 means refused or switched off."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    count: int = 1
    title: str = ""
    connection: Connection | None = None
    bandwidths: tuple[Bandwidth, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    def values(self, name: str) -> list[str]:
        """The values of all attributes of that name, in order."""
        return [a.value or "" for a in self.attributes if a.name.lower() == name]

    def value(self, name: str) -> str | None:
        """The value of the first attribute of that name; "" for a flag, None when not there."""
        return next(iter(self.values(name)), None)

    @property
    def direction(self) -> str | None:
        """The medium's own direction attribute, None without one."""
        return _direction(self.attributes)

    def bandwidth(self, kind: str) -> int | None:
        """The value of the b= line of that kind, None without one."""
        return _bandwidth(self.bandwidths, kind)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Letters and values, as printed."""
        ports = str(self.port) if self.count == 1 else f"{self.port}/{self.count}"
        yield "m", " ".join((self.kind, ports, self.protocol, *self.formats))
        if self.title:
            yield "i", self.title
        if self.connection:
            yield "c", str(self.connection)
        yield from (("b", str(bandwidth)) for bandwidth in self.bandwidths)
        yield from (("a", str(attribute)) for attribute in self.attributes)


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description. `notes` are i=, u=, e=, p=; `times` are t=, r=, z=."""

    origin: Origin = Origin()
    name: str = "-"
    connection: Connection | None = None
    bandwidths: tuple[Bandwidth, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str], ...] = (("t", "0 0"),)
    attributes: tuple[Attribute, ...] = ()
    media: tuple[Media, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Description":
        """Raises SdpError where no call could be made of it."""
        return _Reader().read(text)

    def __str__(self) -> str:
        """Raises ValueError when a value would break out of its line."""
        lines = [f"{letter}={value}" for letter, value in self.lines()]
        for line in lines:
            if _UNPRINTABLE.search(line):
                raise ValueError(f"a line of a description cannot hold {line[:40]!r}")
        return "".join(line + "\r\n" for line in lines)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Letters and values, as printed."""
        yield "v", "0"
        yield "o", str(self.origin)
        yield "s", self.name or "-"
        yield from self.notes
        if self.connection:
            yield "c", str(self.connection)
        yield from (("b", str(bandwidth)) for bandwidth in self.bandwidths)
        yield from self.times or (("t", "0 0"),)
        yield from (("a", str(attribute)) for attribute in self.attributes)
        for media in self.media:
            yield from media.lines()

    def bandwidth(self, kind: str) -> int | None:
        """The value of the b= line of that kind, None without one."""
        return _bandwidth(self.bandwidths, kind)

    def direction(self, media: Media) -> str:
        """Of one of its media: its own, else the session's, else sendrecv."""
        return media.direction or _direction(self.attributes) or "sendrecv"

    def connection_of(self, media: Media) -> Connection | None:
        """The c= line that holds for one of its media: its own, else the session's."""
        return media.connection or self.connection


def _direction(attributes: Iterable[Attribute]) -> str | None:
    return next((a.name.lower() for a in attributes if a.name.lower() in DIRECTIONS), None)


def _bandwidth(bandwidths: Iterable[Bandwidth], kind: str) -> int | None:
    return next((b.value for b in bandwidths if b.kind.upper() == kind), None)


@dataclass(slots=True)
class _Part:
    """What has been read of the session or of one medium."""

    heading: str = ""
    title: str = ""
    connection: Connection | None = None
    nowhere: bool = False  # a c= line could not be read
    bandwidths: list[Bandwidth] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)


class _Reader:
    """Reads line by line; an unknown letter is skipped (RFC 8866 section 5).

    A c= or m= line that cannot be read costs the media that it is for, which count as refused.
    """

    def __init__(self) -> None:
        self._faults: list[str] = []
        self._origin = Origin()
        self._name = ""
        self._notes: list[tuple[str, str]] = []
        self._times: list[tuple[str, str]] = []
        self._session = _Part()
        self._media: list[_Part] = []

    def read(self, text: str) -> Description:
        lines = _LINE_END.split(text.replace("\0", "")) if len(text) <= MAX_TEXT else []
        if not text or not lines or len(lines) > MAX_LINES:
            raise SdpError(f"a description of {len(text)} characters is none or too long")
        for line in lines:
            letter, equals, value = line.lstrip().partition("=")
            if equals and len(letter) == 1:
                self._line(letter.lower(), value.strip())
        if not self._media:
            raise SdpError("the far end's description has no media line")
        session = self._session
        media = tuple(self._medium(part) for part in self._media)
        if self._faults and not any(medium.port for medium in media):
            raise SdpError(self._faults[0])
        return Description(
            self._origin,
            self._name or "-",
            session.connection,
            tuple(session.bandwidths),
            tuple(self._notes),
            tuple(self._times) or (("t", "0 0"),),
            tuple(session.attributes),
            media,
        )

    def _line(self, letter: str, value: str) -> None:
        part = self._media[-1] if self._media else self._session
        if letter == "m":
            if len(self._media) >= MAX_MEDIA:
                raise SdpError(f"a description with more than {MAX_MEDIA} media is refused")
            self._media.append(_Part(heading=value))
        elif letter == "a" and value:
            part.attributes.append(Attribute.parse(value))
        elif letter == "c":
            try:
                part.connection = part.connection or Connection.parse(value)
            except SdpError as error:
                part.nowhere = True
                self._faults.append(error.detail)
        elif letter == "b":
            kind, _, number = value.partition(":")
            if number.strip().isascii() and number.strip().isdigit() and len(number) < 16:
                part.bandwidths.append(Bandwidth(kind.strip(), int(number)))
        elif self._media:
            part.title = value if letter == "i" else part.title
        elif letter == "o":
            self._origin = Origin.parse(value)
        elif letter == "s":
            self._name = value
        elif letter in _BEFORE_CONNECTION:
            self._notes.append((letter, value))
        elif letter in _TIMES:
            self._times.append((letter, value))

    def _medium(self, part: _Part) -> Media:
        words = part.heading.split()
        kind, ports, protocol, *formats = [*words, *_NO_MEDIUM[len(words) :]]
        port, _, count = ports.partition("/")
        if len(words) < 3 or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
            self._faults.append(f"the far end's media line {part.heading[:60]!r} has no port")
            port = "0"
        whole = self._session
        if part.connection is None and (part.nowhere or (whole.nowhere and not whole.connection)):
            port = "0"
        return Media(
            kind.lower(),
            int(port),
            protocol,
            tuple(formats),
            int(count) if re.fullmatch(r"[0-9]{1,3}", count) else 1,
            part.title,
            part.connection,
            tuple(part.bandwidths),
            tuple(part.attributes),
        )
