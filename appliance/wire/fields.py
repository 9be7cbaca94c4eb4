"""Reads the fields of a JSON object strictly: a value of the wrong kind is an error with its path.

A field that is not known is ignored and one that is missing takes its default, so that a site and
its province may be a release apart. What *is* there must be right: nothing is guessed.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.wire.letters import hidden, storable, unstorable

MAX_PAYLOAD_BYTES = 64 * 1024
"""Bytes; a full report has three thousand. The broker is set to the same limit."""
MAX_TEXT_LENGTH = 500
MAX_ITEMS = 100


class WireError(ValueError):
    """A payload that cannot be believed: names the field, the value and what is expected."""


class Fields:
    """One JSON object, asked for its fields by name; `path` stands in front of each complaint."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    @classmethod
    def read(cls, payload: bytes) -> "Fields":
        """The object that `payload` (UTF-8 JSON, RFC 8259) holds; raises `WireError`."""
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise WireError(f"{len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are read")
        try:
            values = json.loads(payload.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise WireError(f"not JSON: {str(error)[:200]}; expected one object") from error
        if not isinstance(values, dict):
            raise WireError(f"a JSON {type(values).__name__}; expected one object")
        if wrong := next(filter(None, map(unstorable, _all_texts(values))), ""):
            raise WireError(f"{wrong} in a text; no database takes it")
        return cls(values)

    def text(
        self, name: str, default: str | None = "", *, max_length: int = MAX_TEXT_LENGTH
    ) -> str:
        """A string of at most `max_length` letters; ``default=None`` asks for it."""
        value = self._value(name, default)
        if not isinstance(value, str) or len(value) > max_length:
            raise self._wrong(name, value, f"a text of at most {max_length} letters")
        return value

    def word(
        self, name: str, default: str | None = "", *, max_length: int = MAX_TEXT_LENGTH
    ) -> str:
        """A text that is compared with others, so without a letter that nobody sees."""
        value = self.text(name, default, max_length=max_length)
        if hidden(value):
            raise self._wrong(name, ascii(value), "letters that can be seen")
        return value

    def number(
        self,
        name: str,
        default: float | None = 0.0,
        *,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> float:
        """A finite number within ``low`` to ``high``."""
        value = self._value(name, default)
        if not _is_number(value) or not low <= value <= high:
            raise self._wrong(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(
        self, name: str, default: int | None = 0, *, low: int = 0, high: int = 2**53 - 1
    ) -> int:
        """A whole number within ``low`` to ``high``; JSON carries no larger one safely."""
        value = self._value(name, default)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name, value, f"a whole number from {low} to {high}")
        return value

    def flag(self, name: str, default: bool | None = False) -> bool:
        """true or false."""
        value = self._value(name, default)
        if type(value) is not bool:
            raise self._wrong(name, value, "true or false")
        return value

    def items(self, name: str, *, max_items: int = MAX_ITEMS) -> Iterator["Fields"]:
        """The objects of a list of at most `max_items`; none where the field is missing."""
        value = self._value(name, [])
        if not isinstance(value, list) or len(value) > max_items:
            raise self._wrong(name, value, f"a list of at most {max_items} objects")
        for number, item in enumerate(value):
            path = f"{self._path}{name}[{number}]"
            if not isinstance(item, dict):
                raise WireError(f"{path} is {_shown(item)}; expected an object")
            yield Fields(item, f"{path}.")

    def words(self, name: str, *, max_items: int = MAX_ITEMS) -> tuple[str, ...]:
        """A list of at most `max_items` texts."""
        value = self._value(name, [])
        if not isinstance(value, list) or len(value) > max_items or not all(map(_is_text, value)):
            raise self._wrong(name, value, f"a list of at most {max_items} texts")
        return tuple(value)

    def numbers(self, name: str, *, max_items: int = MAX_ITEMS) -> dict[str, float]:
        """An object of at most `max_items` finite numbers."""
        value = self._object(name, max_items)
        for key, item in value.items():
            if not _is_number(item):
                raise self._wrong(f"{name}.{key[:40]}", item, "a number")
        return {key: float(item) for key, item in value.items()}

    def texts(self, name: str, *, max_items: int = MAX_ITEMS) -> dict[str, str]:
        """An object of at most `max_items` texts."""
        value = self._object(name, max_items)
        for key, item in value.items():
            if not _is_text(item):
                raise self._wrong(f"{name}.{key[:40]}", item, "a text")
        return value

    def _object(self, name: str, max_items: int) -> dict[str, Any]:
        value = self._value(name, {})
        if not isinstance(value, dict) or len(value) > max_items:
            raise self._wrong(name, value, f"an object of at most {max_items} fields")
        return value

    def _value(self, name: str, default: Any) -> Any:
        if name in self._values:
            return self._values[name]
        if default is None:
            raise WireError(f"{self._path}{name} is missing")
        return default

    def _wrong(self, name: str, value: Any, expected: str) -> WireError:
        return WireError(f"{self._path}{name} is {_shown(value)}; expected {expected}")


def printed(values: Mapping[str, Any]) -> bytes:
    """The payload of an object: UTF-8, no spaces, fields in the order in which they are given.

    What no reader takes (`unstorable`) is sent as U+FFFD: a camera's odd name must not silence its
    site.
    """
    if any(map(unstorable, _all_texts(values))):
        values = _all_storable(values)
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _all_texts(values: Any) -> Iterator[str]:
    """Each text in it, names too; without recursion, however deep it is."""
    left = [values]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            left += (*value.keys(), *value.values())
        elif isinstance(value, list | tuple):
            left += value


def _all_storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(key): _all_storable(item) for key, item in value.items()}
    return [_all_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of a thousand digits
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH


def _shown(value: Any) -> str:
    return repr(value)[:60]
