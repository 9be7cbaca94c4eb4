"""Has the broker refuse for a while what one site says, so that its flood reaches nobody. Pure.

The broker has one queue for all sites: whatever a flood has put into it, the program must read
before the others' reports. So who floods is shut out where it comes in, by mosquitto's plugin
dynamic-security (mosquitto_ctrl_dynsec(1)): its connection is closed, and while its name is in the
plugin's list, whatever it publishes is answered with "not authorized" (MQTT 5, 3.4.2.1). Who is not
in the list is judged by the access list alone, as ever. A box takes that for a line that is lost:
it keeps its reports on the disk, tries again, and is back within 30 s of the pause's end.

Commands of the plugin must not fail: mosquitto 2.0 closes the connection of whose last command did.
"""

import json
from dataclasses import dataclass

CONTROL_TOPIC = "$CONTROL/dynamic-security/v1"
PAUSE_S = 30.0
"""From the last report that was too many. Shorter than the silence after which a site is called
silent (`services/province/fleet/readiness.py`)."""
REPEAT_S = 2.0
"""After which who still floods is paused again: the broker may have been started anew meanwhile."""
_ROLE = "paused"


def nobody_paused() -> bytes:
    """What the plugin's file holds at the broker's start: it would remember pauses that nobody
    ends."""
    refused = {"acltype": "publishClientSend", "topic": "#", "priority": 0, "allow": False}
    return json.dumps({"roles": [{"rolename": _ROLE, "acls": [refused]}], "clients": []}).encode()


def pause_command(site: str) -> bytes:
    """Refuse what it publishes from now on, and close its connection; may be repeated."""
    return _commands(
        {"command": "createClient", "username": site, "roles": [{"rolename": _ROLE}]},
        {"command": "disableClient", "username": site},  # it closes the connection, no more
    )


def resume_command(site: str) -> bytes:
    """Let it publish again; harmless where it may."""
    return _commands({"command": "deleteClient", "username": site})


def _commands(*commands: dict[str, object]) -> bytes:
    return json.dumps({"commands": commands}).encode()


@dataclass(slots=True)
class _Pause:
    until: float
    told_at: float | None = None
    to_tell: bool = True


class Pauses:
    """Who is paused, and what the broker is to be told; `now` in s of a monotonic clock."""

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._kept: dict[str, _Pause] = {}

    def exceeded(self, site: str, now: float) -> bool:
        """One more was too many; whether the broker is to be told. What it had in its queue when it
        was told comes all the same."""
        pause = self._kept.setdefault(site, _Pause(now))
        pause.until = now + self._pause_s
        if pause.told_at is not None and now - pause.told_at >= REPEAT_S:
            pause.to_tell = True
        return pause.to_tell

    def to_begin(self) -> list[str]:
        """Whom the broker is to pause."""
        return [site for site, pause in self._kept.items() if pause.to_tell]

    def begun(self, site: str, now: float) -> bool:
        """The broker was told; whether for the first time."""
        pause = self._kept[site]
        first = pause.told_at is None
        pause.told_at, pause.to_tell = now, False
        return first

    def to_end(self, now: float) -> list[str]:
        """Whose pause is over."""
        return [site for site, pause in self._kept.items() if pause.until <= now]

    def ended(self, site: str) -> None:
        """The broker was told."""
        del self._kept[site]
