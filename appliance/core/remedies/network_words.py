"""What the page without a network says where more is known than that: one row a problem.

The page's own row asks for the cable and the modem. Who reads that beside a Wi-Fi whose password is
wrong looks in the wrong place, and so does who helps by telephone.
"""

from collections.abc import Iterable, Set

from appliance.core.message import N_
from appliance.core.problems import ProblemKey
from appliance.core.screen_texts import STATUS_HINT, Words

_CALL = N_("Still nothing: call the IT centre and read out the code.")
_CARD = N_("Else call the IT centre: a corrected card mends it.")

NETWORK_WORDS: dict[ProblemKey, Words] = {
    ProblemKey.WIFI_RADIO: Words(
        N_("This box has no Wi-Fi"),
        N_("Its settings ask for one; no radio works."),
        steps=(N_("Plug in a network cable."), _CARD),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please call the IT centre."),
    ),
    ProblemKey.WIFI_REFUSED: Words(
        N_("The Wi-Fi lets nobody in"),
        N_("The password is wrong, or was changed at the router."),
        steps=(N_("Plug in a network cable for now."), _CARD),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please call the IT centre."),
    ),
    ProblemKey.WIFI_NOT_FOUND: Words(
        N_("The Wi-Fi is not found"),
        N_("The router is off, too far, or has another name."),
        steps=(N_("Is the Wi-Fi router on? Switch it off and on again."), _CARD),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please check the Wi-Fi router."),
    ),
    ProblemKey.ADDRESS_TAKEN: Words(
        N_("The box's address is taken"),
        N_("Another device in this network has it."),
        steps=(N_("Switch off what was plugged in last, and wait a minute."), _CARD),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please call the IT centre."),
    ),
    ProblemKey.NETWORK_ADDRESS: Words(
        N_("The network gives no address"),
        N_("The cable is in, and nobody answers the box."),
        steps=(N_("Switch the modem off and on again, and wait two minutes."), _CALL),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please check the cable."),
    ),
    ProblemKey.GATEWAY_SILENT: Words(
        N_("The gateway is silent"),
        N_("The cable is in; the way out does not answer."),
        steps=(N_("Switch the modem off and on again, and wait two minutes."), _CARD),
        hint=STATUS_HINT,
        voice=N_("There is no network. Please check the cable."),
    ),
}
"""In this order they are looked for."""

_NO_NETWORK = frozenset(NETWORK_WORDS) - {ProblemKey.GATEWAY_SILENT} | {ProblemKey.NETWORK_CABLE}
_NO_AGENDA = frozenset({ProblemKey.AGENDA_MISSING, ProblemKey.AGENDA_OLD, ProblemKey.PROVINCE})


def without_network(keys: Set[ProblemKey]) -> bool:
    """Whether nobody is reached. A silent gateway alone is none where the agenda comes all the
    same."""
    silent = ProblemKey.GATEWAY_SILENT in keys and not keys.isdisjoint(_NO_AGENDA)
    return silent or not keys.isdisjoint(_NO_NETWORK)


def network_words(keys: Iterable[ProblemKey], page: Words) -> Words:
    """The row of the first that is known, else the page's own."""
    known = set(keys)
    return next((words for key, words in NETWORK_WORDS.items() if key in known), page)
