"""How a meeting's conference is reached at a conference system: by keys, or in what is called.

A Polycom RMX takes both. At an *entry queue* a voice asks for the conference's ID and PIN, each
ended by ``#`` (RMX Administrator's Guide, *Entry Queues*). Or they are a part of what is called:
``{id}`` alone, ``{queue}##{id}##{pin}``, on an RMX 500 or 1000 ``{id}$${pin}``. The site file's
``[sip] conference`` says which.
"""

import re
from dataclasses import replace

from appliance.base.config import SipChoices
from appliance.dialers.sip.dtmf_script import Step, steps
from appliance.wire.address import Address
from appliance.wire.conference_codes import ConferenceCodes

ENTRY_QUEUE = "wait 4, {id}#, wait 3, {pin}#"
"""Where the site file has no script for the codes of a meeting: the greeting, then each answer."""
_EMPTY_PART = re.compile(r"[#$*]*\{pin\}|\{queue\}[#$*]*")
_PLACE = re.compile(r"\{(id|pin|queue)\}")


def called_address(address: Address, codes: ConferenceCodes | None, choices: SipChoices) -> Address:
    """What is called for the conference of `codes`; `address` itself where that is the queue.

    Its user may hold a PIN: nothing of it belongs into a log or a sentence for people.
    """
    if codes is None or not choices.conference:
        return address
    values = {"id": codes.number, "pin": codes.pin, "queue": address.user}

    def without_empty(part: re.Match[str]) -> str:
        place = _PLACE.search(part[0])
        return part[0] if place and values[place[1]] else ""

    pattern = _EMPTY_PART.sub(without_empty, choices.conference)
    user = _PLACE.sub(lambda place: values[place[1]], pattern)
    # "#" may not stand in a SIP address (RFC 3261 section 25.1).
    return replace(address, user=user.replace("#", "%23"))


def entry_steps(codes: ConferenceCodes | None, choices: SipChoices) -> tuple[Step, ...]:
    """The waits and keys after the call is up; raises `DtmfScriptError`, which never holds a PIN.

    A script with fixed digits is for a site that has one conference: a meeting with an ID of its
    own goes by `ENTRY_QUEUE` instead.
    """
    script = choices.entry_queue
    if codes is not None and "{id}" not in script and not choices.conference:
        script = ENTRY_QUEUE
    if codes is not None and choices.conference and not script:
        script = "wait 4, {pin}#"
    in_address = choices.conference if codes is not None else ""
    values = {
        "{id}": codes.number if codes is not None and "{id}" not in in_address else "",
        "{pin}": codes.pin if codes is not None and "{pin}" not in in_address else "",
    }
    return steps(_filled(script, values))


def _filled(script: str, values: dict[str, str]) -> str:
    """The script with its codes; a step for one that is "" goes, and the wait before it."""
    kept: list[str] = []
    for part in script.split(","):
        if any(name in part and not value for name, value in values.items()):
            while kept and kept[-1].strip().lower().startswith("wait"):
                kept.pop()
            continue
        for name, value in values.items():
            part = part.replace(name, value)  # noqa: PLW2901 - one part, filled in
        kept.append(part)
    return ",".join(kept)
