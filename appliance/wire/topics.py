"""The MQTT topics of one site as values: ``diemcau/<site>/<kind>``, one level each, no wildcard."""

import re
from dataclasses import dataclass
from enum import StrEnum

ROOT = "diemcau"
SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""A site's id, as the site file has it; also the common name of its certificate."""


class TopicError(ValueError):
    """Not a topic of ours; says which and what one looks like."""


class Kind(StrEnum):
    """What a topic tells. All are retained but the nudge."""

    PRESENCE = "presence"
    HEALTH = "health"
    MEETING = "meeting"
    HAND = "hand"
    UPDATE = "update"
    DESIRED = "desired"
    NUDGE = "nudge"


FROM_SITE = (Kind.PRESENCE, Kind.HEALTH, Kind.MEETING, Kind.HAND, Kind.UPDATE)
"""What a site says, and nobody else; the rest is what the province says."""
FROM_PROVINCE = (Kind.DESIRED, Kind.NUDGE)
"""What the province says to a site: the only topics that a site may read."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; `str` gives it back."""

    site: str
    kind: Kind

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """Read ``diemcau/ia-kly/health``; raises `TopicError`."""
        root, _, rest = text.partition("/")
        site, _, kind = rest.partition("/")
        if root != ROOT or not SITE.fullmatch(site) or kind not in set(Kind):
            raise TopicError(
                f"{text[:100]!r} is no topic of a site; one looks like {ROOT}/ia-kly/health"
            )
        return cls(site, Kind(kind))

    def __str__(self) -> str:
        return f"{ROOT}/{self.site}/{self.kind}"


def all_sites_filter(kind: Kind) -> str:
    """The filter for one kind of every site: ``diemcau/+/health``."""
    return f"{ROOT}/+/{kind}"
