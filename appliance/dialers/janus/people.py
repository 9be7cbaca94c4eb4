"""The participants of a room, by its events: who has the floor, whom to see and hear.

Without I/O. One picture is seen at a time: of who has the floor, else of the chair, else of whoever
came first. Everybody is heard, up to a bound, open microphones first.
"""

from dataclasses import dataclass, field
from typing import Any

from appliance.dialers.janus.display import Display

MAX_EARLY_EVENTS = 500  # that come before the answer to our join
MAX_HEARD = 8  # a room has few open microphones; each costs an Opus decoder

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """One medium that a participant sends; ``mid`` is its name at the server."""

    feed: int
    mid: str
    kind: str


@dataclass(slots=True)
class Person:
    """A participant; one without streams sends nothing and may yet be the chair."""

    number: int
    display: Display
    streams: tuple[Stream, ...] = ()

    def stream(self, kind: str) -> Stream | None:
        """Its stream of that kind ("audio", "video"), None where it sends none."""
        return next((s for s in self.streams if s.kind == kind), None)


@dataclass(slots=True)
class People:
    """Everybody else in the room; ``me`` is our own number."""

    me: int = 0
    persons: dict[int, Person] = field(default_factory=dict)
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
        self.me = _number(data.get("id"))
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
        silent = self.persons.get(_number(data.get("unpublished")))
        if silent is not None:
            silent.streams = ()
        for key in ("leaving", "kicked"):
            self.persons.pop(_number(data.get(key)), None)

    @property
    def chair(self) -> Person | None:
        """Who leads the meeting; of two chairs the one with streams.

        Beside the person in the chair the province's console may be in the room, without a camera.
        """
        chairs = [p for p in self.persons.values() if p.display.chair]
        return next((p for p in chairs if p.streams), next(iter(chairs), None))

    @property
    def floor(self) -> int | None:
        """The number of whoever was given the floor."""
        chairs = (p.display for p in self.persons.values() if p.display.chair)
        return next((display.floor for display in chairs if display.floor is not None), None)

    @property
    def given(self) -> bool:
        """Whether the floor is ours."""
        return self.me != 0 and self.floor == self.me

    def seen(self) -> Person | None:
        """Whose picture to show."""
        holder = self.persons.get(self.floor or 0)
        candidates = [holder, self.chair, *self.persons.values()]
        return next((p for p in candidates if p is not None and p.stream("video")), None)

    def heard(self) -> list[Stream]:
        """Whose sound to play: the floor, the chair, open microphones, then the others."""
        floor = self.floor

        def rank(person: Person) -> int:
            if person.number == floor or person.display.chair:
                return 0
            return {True: 1, None: 2, False: 3}[person.display.mic]

        ranked = sorted(self.persons.values(), key=rank)
        streams = [stream for p in ranked if (stream := p.stream("audio")) is not None]
        return streams[:MAX_HEARD]

    def wanted(self) -> list[Stream]:
        """All streams to subscribe to, the picture first."""
        seen = self.seen()
        picture = seen.stream("video") if seen is not None else None
        return ([picture] if picture is not None else []) + self.heard()

    def _known(self, one: Json) -> None:
        number = _number(one.get("id"))
        if number in (0, self.me):
            return
        known = self.persons.get(number)
        found = known.streams if known is not None else ()
        if "streams" in one:
            found = tuple(
                Stream(number, str(s.get("mid", "")), str(s.get("type", "")))
                for s in _listed(one, "streams")
                if not s.get("disabled")
            )
        display = known.display if known is not None else Display(str(number))
        if isinstance(one.get("display"), str):
            display = Display.parse(one["display"])
        self.persons[number] = Person(number, display, found)


def _listed(data: Json, key: str) -> list[Json]:
    value = data.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
