"""The participants of a room, by its events: who has the floor, whom to see and hear.

Without I/O. One picture is seen at a time: of who has the floor, else of the chair, else of whoever
came first; whose picture cannot be taken is passed over. Everybody is heard, up to a bound, open
microphones first.

Anybody can call themselves the chair in a display; who gives the floor and is seen by all is whom
the room or the province's console vouches for (`Trust`, docs/room.md).
"""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from appliance.dialers.janus.display import Display, Feed, feed, one_line
from appliance.dialers.janus.proof import is_console
from appliance.wire.room_keys import RoomKeys

MAX_EARLY_EVENTS = 500  # that come before the answer to our join
MAX_GONE = 50  # consoles that left: one for each time that one was away
MAX_HEARD = 8  # a room has few open microphones; each costs an Opus decoder
MAX_WAITED_FOR = 3  # silent pictures that are received, to be shown once they are sent
MAX_STREAMS = 32  # of one participant
MAX_CODEC = 16  # letters of a codec that is told; of those known "multiopus" has most
FORGIVEN_S = 60.0  # a picture that was silent is tried again after it
UNDECODED_FORGIVEN_S = 600.0  # one that could not be decoded; each try shows none for seconds
TAKEN = {
    "audio": frozenset({"", "opus", "pcmu", "pcma", "g722"}),
    "video": frozenset({"", "h264", "vp8"}),
}
"""The codecs that we decode, by Janus's names; "" where the server says none."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """One medium that a participant sends; ``mid`` is its name at the server, ``codec`` the
    server's word for its codec, in small letters."""

    feed: Feed
    mid: str
    kind: str
    codec: str = field(default="", compare=False)

    @property
    def taken(self) -> bool:
        """Whether we decode it, as far as the server's word goes."""
        return self.codec in TAKEN.get(self.kind, ())


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed to be the chair.

    ``checks_chair``: the server itself lets only those call themselves so who gave the chair's PIN.
    Elsewhere it is the console alone, by its signature; without ``keys`` nobody.
    """

    room: Feed = ""
    keys: RoomKeys | None = None
    checks_chair: bool = False

    @property
    def possible(self) -> bool:
        """Whether anybody at all can give the floor."""
        return self.checks_chair or (self.keys is not None and self.keys.console_key != "")

    def is_console(self, display: Display, number: Feed) -> bool:
        """Whether this is the province's console."""
        return self.keys is not None and is_console(display, self.keys, self.room, number)


@dataclass(slots=True)
class Person:
    """A participant; one without streams sends nothing and may yet be the chair.

    ``console``: it has proved to be the province's; ``chair``: its word on the floor counts.
    """

    number: Feed
    display: Display
    streams: tuple[Stream, ...] = ()
    console: bool = False
    chair: bool = False

    def all(self, kind: str) -> list[Stream]:
        """Its streams of that kind ("audio", "video"), those that we cannot take among them."""
        return [stream for stream in self.streams if stream.kind == kind]


@dataclass(slots=True)
class People:
    """Everybody else in the room; ``me`` is our own number."""

    me: Feed = 0
    persons: dict[Feed, Person] = field(default_factory=dict)
    trust: Trust = field(default_factory=Trust)
    _gone: dict[Feed, None] = field(default_factory=dict)
    _refused: set[Stream] = field(default_factory=set)
    _undecoded: dict[Stream, float] = field(default_factory=dict)  # until when it is passed over
    _silent: dict[Stream, float] = field(default_factory=dict)
    _early: list[Json] = field(default_factory=list)

    def take(self, data: Json) -> None:
        """Take an event of the room; what it does not name stays as it was.

        Events that come before "joined" wait for it: a server that lets two in at once may tell of
        the other one first, and in a list that was made before that.
        """
        if data.get("videoroom") != "joined":
            if self.me:
                self._take(data)
            elif len(self._early) < MAX_EARLY_EVENTS:
                self._early.append(data)
            return
        self.me = feed(data.get("id"))
        self.persons.clear()
        early, self._early = self._early, []
        for event in (data, *early):
            self._take(event)

    def _take(self, data: Json) -> None:
        for one in [*_listed(data, "publishers"), *_listed(data, "attendees")]:
            self._known(one)
        if isinstance(data.get("joining"), dict):
            self._known(data["joining"])
        elif data.get("videoroom") == "event" and "display" in data:
            self._known({"id": data.get("id"), "display": data["display"]})
        silent = self.persons.get(feed(data.get("unpublished")))
        if silent is not None:
            silent.streams = ()
        for key in ("leaving", "kicked"):
            left = self.persons.pop(feed(data.get(key)), None)
            if left is not None and left.console:
                # Another may take its id now and show its last words again.
                self._gone[left.number] = None
                while len(self._gone) > MAX_GONE:
                    del self._gone[next(iter(self._gone))]

    def removes_us(self, data: Json) -> bool:
        """Whether an event says that the server removed us: somebody "ok" leaves.

        Where rooms have ``string_ids``, a participant may be called so.
        """
        return data.get("leaving") == "ok" and "ok" not in self.persons

    @property
    def chair(self) -> Person | None:
        """Who leads the meeting: whom the console names, else of two chairs the one with streams.

        Beside the person in the chair the province's console may be in the room, without a camera.
        """
        console = self.console
        named = self.persons.get(console.display.leads or 0) if console is not None else None
        if named is not None:
            return named
        chairs = [p for p in self.persons.values() if p.chair]
        return next((p for p in chairs if p.streams), next(iter(chairs), None))

    @property
    def console(self) -> Person | None:
        """The province's console; of two the one that spoke last."""
        consoles = (p for p in self.persons.values() if p.console)
        return max(consoles, key=lambda p: p.display.at, default=None)

    @property
    def floor(self) -> Feed | None:
        """The number of whoever was given the floor."""
        console = self.console
        chairs = [p for p in self.persons.values() if p.chair and not p.console]
        displays = [p.display for p in ([console] if console is not None else []) + chairs]
        return next((display.floor for display in displays if display.floor is not None), None)

    @property
    def given(self) -> bool:
        """Whether the floor is ours."""
        return self.me != 0 and self.floor == self.me

    @property
    def alone(self) -> bool:
        """Whether nobody is in but us and the province's console, which is nobody to talk to."""
        return self.me != 0 and all(person.console for person in self.persons.values())

    def stream(self, person: Person, kind: str) -> Stream | None:
        """What we receive of that one's ("audio", "video"); None where there is nothing to take."""
        refused = self._refused | self._undecoded.keys()
        return next((s for s in person.all(kind) if s.taken and s not in refused), None)

    def seen(self) -> Person | None:
        """Whose picture to show: the first whose picture can be shown, and is sent."""
        picture = self.shown()
        return self.persons.get(picture.feed) if picture is not None else None

    def shown(self) -> Stream | None:
        """The picture to show."""
        return next((s for s in self._pictures() if s not in self._silent), None)

    def refuse(self, streams: Set[Stream]) -> None:
        """Pass these over until their sender sends something else."""
        self._refused |= streams

    def look(
        self, now: float, received: Set[Stream], silent: Set[Stream], undecoded: Set[Stream]
    ) -> None:
        """Take note of what is received at `now` (monotonic s), and of what in it nothing comes, or
        nothing that can be decoded: both are passed over, and tried again after a while."""
        undone = self._undecoded | dict.fromkeys(undecoded, now + UNDECODED_FORGIVEN_S)
        self._undecoded = {one: end for one, end in undone.items() if end > now}
        quiet = self._silent | dict.fromkeys(silent, now + FORGIVEN_S)
        self._silent = {
            one: end
            for one, end in quiet.items()
            if end > now and (one in silent or one not in received)
        }

    def _pictures(self) -> list[Stream]:
        """The pictures that can be taken, the one that is wanted first."""
        holder = self.persons.get(self.floor or 0)
        ranked = [holder, self.chair, *self.persons.values()]
        found = (self.stream(person, "video") for person in ranked if person is not None)
        return list(dict.fromkeys(stream for stream in found if stream is not None))

    def passed_over(self) -> dict[str, str]:
        """Who cannot be seen or heard for a codec: the names, and what they send."""
        found = {}
        offered = {stream: stream.codec for stream in self._refused}
        for person in self.persons.values():
            codecs = [
                one_line((stream.codec or offered.get(stream, ""))[:MAX_CODEC]).upper() or kind
                for kind in ("video", "audio")
                if self.stream(person, kind) is None
                for stream in person.all(kind)
            ]
            if codecs:
                found[person.display.name] = ", ".join(codecs)
        return found

    def heard(self) -> list[Stream]:
        """Whose sound to play: the floor, the chair, open microphones, then the others."""
        floor, chair = self.floor, self.chair

        def rank(person: Person) -> int:
            if person.number == floor or person.chair or person is chair:
                return 0
            return {True: 1, None: 2, False: 3}[person.display.mic]

        ranked = sorted(self.persons.values(), key=rank)
        streams = [stream for p in ranked if (stream := self.stream(p, "audio")) is not None]
        return streams[:MAX_HEARD]

    def wanted(self) -> list[Stream]:
        """All streams to subscribe to, the pictures first: those that are waited for, as far as
        they are wanted more than the one that is shown, and that one."""
        shown, pictures = self.shown(), self._pictures()
        before = pictures[: pictures.index(shown)] if shown is not None else pictures
        waited_for = before[:MAX_WAITED_FOR]
        return [*waited_for, *([shown] if shown is not None else []), *self.heard()]

    def _known(self, one: Json) -> None:
        number = feed(one.get("id"))
        if number in (0, self.me):
            return
        known = self.persons.get(number)
        found = known.streams if known is not None else ()
        if "streams" in one:
            streams = _listed(one, "streams")[:MAX_STREAMS]
            found = tuple(_stream(number, s) for s in streams if not s.get("disabled"))
            if known is None or _codecs(found) != _codecs(known.streams):
                # Something else is sent now: what was refused may be taken.
                self._forgive(number)
        display = known.display if known is not None else Display(one_line(str(number)))
        if isinstance(one.get("display"), str):
            display = Display.parse(one["display"])
        console = self.trust.is_console(display, number) and number not in self._gone
        chair = console or (display.chair and self.trust.checks_chair)
        self.persons[number] = Person(number, display, found, console, chair)

    def _forgive(self, number: Feed) -> None:
        for passed_over in (self._undecoded, self._silent):
            for stream in [one for one in passed_over if one.feed == number]:
                del passed_over[stream]
        self._refused = {stream for stream in self._refused if stream.feed != number}


def _stream(number: Feed, one: Json) -> Stream:
    codec = str(one.get("codec") or "").lower()
    return Stream(number, str(one.get("mid", "")), str(one.get("type", "")), codec)


def _codecs(streams: tuple[Stream, ...]) -> list[tuple[Stream, str]]:
    return [(stream, stream.codec) for stream in streams]


def _listed(data: Json, key: str) -> list[Json]:
    value = data.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
