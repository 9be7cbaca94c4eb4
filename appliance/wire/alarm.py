"""One thing that is wrong at a site, as the report carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.wire.fields import Fields


@dataclass(frozen=True, slots=True)
class Alarm:
    """A state, not an event: it is in each report for as long as it holds, and then it is not.

    ``text`` and ``remedy`` are by locale, Vietnamese first, so that a province that is a release
    behind can still show what it does not know.
    """

    key: str
    """The closed set of the site's release: ``hot``, ``camera-missing``."""
    code: str
    """What the clerk reads over the telephone: ``B1``."""
    severity: int
    """1 the site copes, 2 something will be missing in the meeting, 3 there will be none."""
    since: float
    """POSIX seconds."""
    detail: str = ""
    """The measured value: ``84.2 °C``."""
    text: Mapping[str, str] = field(default_factory=dict)
    remedy: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Fields) -> "Alarm":
        """From the fields of one item."""
        return cls(
            fields.word("key", None, max_length=60),
            fields.word("code", max_length=10),
            fields.whole("severity", 2, low=1, high=3),
            fields.number("since", low=0.0, high=1e11),
            fields.text("detail"),
            fields.texts("text", max_items=10),
            fields.texts("remedy", max_items=10),
        )

    @property
    def values(self) -> dict[str, Any]:
        """The fields of its item."""
        return {
            "key": self.key,
            "code": self.code,
            "severity": self.severity,
            "since": self.since,
            "detail": self.detail,
            "text": dict(self.text),
            "remedy": dict(self.remedy),
        }
