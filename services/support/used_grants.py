"""Which grants were used at this box: each id once, kept on the data partition, bounded."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.base.atomic_file import write_atomically
from services.support.grant import Grant

FILE = Path("boot/grants.json")
"""Below the data partition."""
MAX_GRANTS = 64
NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class UsedGrants:
    """The newest `MAX_GRANTS` by their time of issue, and up to when older ones are forgotten."""

    used: tuple[tuple[str, datetime], ...] = ()
    """Id and time of issue, oldest first."""
    forgotten: datetime = NEVER

    def refusal(self, grant: Grant) -> str:
        """Why `grant` was used, or may have been; "" where it is new here."""
        if any(id_ == grant.id for id_, _ in self.used):
            return f"grant {grant.id} was used already; ask for another"
        if grant.issued <= self.forgotten:
            return f"grant {grant.id} is older than what this box remembers; ask for another"
        return ""

    def after(self, grant: Grant) -> "UsedGrants":
        """The same once `grant` is used."""
        used = sorted([*self.used, (grant.id, grant.issued)], key=lambda one: one[1])
        dropped, kept = used[:-MAX_GRANTS], used[-MAX_GRANTS:]
        return UsedGrants(tuple(kept), dropped[-1][1] if dropped else self.forgotten)


def read_used(data: Path) -> UsedGrants:
    """What is kept; nothing where there is no file, or none that can be read.

    Whoever can spoil the file holds the card and could remove it as well.
    """
    try:
        found = json.loads((data / FILE).read_bytes())
        used = [(str(one["id"]), _moment(one["issued"])) for one in found["used"]]
        return UsedGrants(tuple(used), _moment(found["forgotten"]))
    except (OSError, ValueError, KeyError, TypeError):
        return UsedGrants()


def write_used(data: Path, used: UsedGrants) -> None:
    """Keep it. Raises `OSError` where the data partition takes nothing."""
    listed = [{"id": id_, "issued": issued.isoformat()} for id_, issued in used.used]
    content = {"used": listed, "forgotten": used.forgotten.isoformat()}
    write_atomically(data / FILE, json.dumps(content).encode())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment
