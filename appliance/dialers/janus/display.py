"""Reads and writes a publisher's ``display``: name, hand, microphone and floor.

Any Janus passes the display on as it is, without a plug-in. It is JSON: a site's is
``{"name":"Xã Ia Kly","hand":true,"mic":false}``, with ``"returned":true`` where it has given the
floor back and the chair has not yet taken note, and with ``"proof"`` where it can prove which site
it is; the chair's ``{"name":"Chủ trì","chair":true,"floor":<publisher id or null>}``, to which the
province's console adds ``leads``, ``at`` and ``signature`` (`proof.py`). Anything else is just a
name.
"""

import json
import math
from dataclasses import dataclass

MAX_NAME = 200
MAX_FEED = 200
MAX_PROOF_LENGTH = 100  # a site's id of 63, a slash and 22; a signature has 86

Feed = int | str
"""A participant's number; a text where the server's rooms have ``string_ids``. 0 is nobody's."""


@dataclass(frozen=True, slots=True)
class Display:
    """One participant's display; ``mic`` is None where it is not known (a plain name).

    ``proof`` and ``signature`` are claims until `proof.py` has checked them. ``leads`` is the
    participant whom the console names as the person in the chair, ``at`` the POSIX second at which
    it said so.
    """

    name: str
    hand: bool = False
    mic: bool | None = None
    chair: bool = False
    floor: Feed | None = None
    returned: bool = False
    proof: str = ""
    leads: Feed | None = None
    at: float = 0.0
    signature: str = ""

    @classmethod
    def parse(cls, text: str) -> "Display":
        """Read any display; never raises: what is no JSON of ours is a name."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return cls(one_line(text))
        mic = value.get("mic")
        return cls(
            name=one_line(value["name"]),
            hand=value.get("hand") is True,
            mic=mic if isinstance(mic, bool) else None,
            chair=value.get("chair") is True,
            floor=feed(value.get("floor")) or None,
            returned=value.get("returned") is True,
            proof=_text(value.get("proof")),
            leads=feed(value.get("leads")) or None,
            at=_time(value.get("at")),
            signature=_text(value.get("signature")),
        )

    def __str__(self) -> str:
        """The display to send."""
        if self.chair:
            value: dict[str, object] = {"name": self.name, "chair": True, "floor": self.floor}
            if self.mic is not None:
                value["mic"] = self.mic
            if self.signature:
                signed = {"leads": self.leads, "at": self.at, "signature": self.signature}
                value |= signed
        elif self.mic is None and not (self.hand or self.returned or self.proof):
            return self.name
        else:
            value = {"name": self.name, "hand": self.hand, "mic": bool(self.mic)}
            if self.returned:
                value["returned"] = True
            if self.proof:
                value["proof"] = self.proof
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def feed(value: object) -> Feed:
    """A participant's number out of a stranger's JSON; 0 for what is none."""
    if isinstance(value, str):
        return value if len(value) <= MAX_FEED else 0
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def one_line(text: str) -> str:
    """A stranger's text, bounded, in one line, without what no screen, database or sheet can hold
    (JSON brings half a letter: a lone surrogate)."""
    return "".join(one if one.isprintable() else " " for one in text[:MAX_NAME])


def _text(value: object) -> str:
    fits = isinstance(value, str) and len(value) <= MAX_PROOF_LENGTH and value.isascii()
    return value if isinstance(value, str) and fits else ""


def _time(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        found = float(value) if number else 0.0  # type: ignore[arg-type]
    except OverflowError:
        return 0.0
    return found if math.isfinite(found) else 0.0
