"""A support grant: who may have a shell at which box, until when, for how long. A small TOML."""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.support.errors import GrantError

MAX_HOURS = 8.0
"""A working day: whoever needs longer asks again."""
MAX_VALIDITY = timedelta(days=7)
"""From `issued` to `until`: a stick that is posted arrives within a week."""
NAME = "support.cms"
"""How the file is called on the stick."""

_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_FORMS = {
    "id": _ID,
    "serial": re.compile(r"[0-9A-Za-z]{8,32}"),
    "site": re.compile(r"[a-z0-9][a-z0-9-]{0,62}"),
    "who": re.compile(r"[^\x00-\x1f\x7f]{1,120}"),
}
_KEYS = {"id", "serial", "site", "who", "issued", "until", "hours"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant; making one that cannot be raises `GrantError`."""

    id: str
    who: str
    issued: datetime
    until: datetime
    """The last moment at which it may be used."""
    hours: float
    """How long the shell may stay."""
    serial: str = ""
    """Of the box's board; "" where `site` says which."""
    site: str = ""

    def __post_init__(self) -> None:
        if bool(self.serial) == bool(self.site):
            raise GrantError("names a box by serial and by site or by neither; give one of the two")
        for key, form in _FORMS.items():
            value = getattr(self, key)
            if not form.fullmatch(value) and (value or key in ("id", "who")):
                raise GrantError(f"{key} {value!r} is not of the form {form.pattern}")
        if not 0 < self.hours <= MAX_HOURS:
            raise GrantError(f"hours {self.hours:g} is not more than 0 and at most {MAX_HOURS:g}")
        if not timedelta() < self.until - self.issued <= MAX_VALIDITY:
            raise GrantError(
                f"until {self.until.isoformat()} is not within {MAX_VALIDITY.days} days after"
                f" issued {self.issued.isoformat()}"
            )

    def __bytes__(self) -> bytes:
        box = ("serial", self.serial) if self.serial else ("site", self.site)
        # A string of JSON without control characters is one of TOML.
        texts = (("id", self.id), box, ("who", self.who))
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in texts]
        for key, at in (("issued", self.issued), ("until", self.until)):
            lines.append(f"{key} = {at.astimezone(UTC).isoformat(timespec='seconds')}")
        return "\n".join([*lines, f"hours = {self.hours:g}", ""]).encode()


def parse(content: bytes) -> Grant:
    """The grant that `content` is. Raises `GrantError`.

    A key that is not known is refused: it may be a restriction that this release does not heed.
    """
    try:
        values = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GrantError(f"is no TOML: {error}") from error
    if unknown := sorted(values.keys() - _KEYS):
        raise GrantError(f"has unknown keys: {', '.join(unknown)}")
    return Grant(
        id=_text(values, "id"),
        who=_text(values, "who"),
        issued=_moment(values, "issued"),
        until=_moment(values, "until"),
        hours=_number(values, "hours"),
        serial=_text(values, "serial", ""),
        site=_text(values, "site", ""),
    )


def _text(values: dict[str, Any], key: str, otherwise: str | None = None) -> str:
    value = values.get(key, otherwise)
    if not isinstance(value, str):
        raise GrantError(f"{key} {value!r} is no text")
    return value


def _moment(values: dict[str, Any], key: str) -> datetime:
    value = values.get(key)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise GrantError(f"{key} {value!r} is no moment with its offset (RFC 3339)")
    return value


def _number(values: dict[str, Any], key: str) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GrantError(f"{key} {value!r} is no number")
    return float(value)
