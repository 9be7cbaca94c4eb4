"""Why each problem comes about, and who can do something about it: for the guide, not for the TV.

The TV has room for a sentence and a remedy (`problems.py`). Who reads the field guide or helps by
telephone asks next what the reason may be, and whether a person in the room can do anything.
"""

from enum import StrEnum

from appliance.core.message import N_
from appliance.core.problems import (
    BOX_RETRIES,
    BOX_STARTS_AGAIN,
    CALL_CENTRE,
    Kind,
    ProblemKey,
)


class Hands(StrEnum):
    """Whose hands a problem needs."""

    SITE = "site"
    CENTRE = "centre"
    BOX = "box"  # it copes by itself; the others wait


HANDS_WORDS: dict[Hands, str] = {
    Hands.SITE: N_("Whoever is at the site"),
    Hands.CENTRE: N_("The IT centre"),
    Hands.BOX: N_("The box itself"),
}

_HANDS = {CALL_CENTRE: Hands.CENTRE, BOX_RETRIES: Hands.BOX, BOX_STARTS_AGAIN: Hands.BOX}


def hands(kind: Kind) -> Hands:
    """Who can do what the remedy says; a remedy of its own is done at the site."""
    return _HANDS.get(kind.remedy, Hands.SITE)


CAUSES: dict[ProblemKey, str] = {
    ProblemKey.NETWORK_CABLE: N_("The cable is out or broken, or the modem has no power."),
    ProblemKey.NETWORK_ADDRESS: N_("The modem hangs, or its settings were changed."),
    ProblemKey.ADDRESS_TAKEN: N_(
        "Two devices have the same address: the site file's is another one's, or somebody has "
        "plugged in a device with it."
    ),
    ProblemKey.GATEWAY_SILENT: N_("The modem hangs, or the site file has a wrong gateway or VLAN."),
    ProblemKey.WIFI_NOT_FOUND: N_(
        "The router is off or too far away, or the site file has another name of the network."
    ),
    ProblemKey.WIFI_REFUSED: N_(
        "The password of the Wi-Fi was changed at the router, or is wrong on the card."
    ),
    ProblemKey.WIFI_RADIO: N_(
        "The site file names a Wi-Fi, and this board has none that works, such as a Pi 400."
    ),
    ProblemKey.PROVINCE: N_(
        "The line to the province or its server is away; the agenda that is known counts."
    ),
    ProblemKey.LINE_POOR: N_("Other devices use the line as well, or the line itself is bad."),
    ProblemKey.AGENDA_MISSING: N_(
        "The box has never got the province's agenda: the line leads nowhere, or the site "
        "file has a wrong address."
    ),
    ProblemKey.AGENDA_OLD: N_("Nothing has come from the province for more than a day."),
    ProblemKey.AGENDA_BROKEN: N_(
        "What the province sends cannot be read; the last good agenda counts."
    ),
    ProblemKey.MEETING_WITHOUT_ADDRESS: N_("Who entered the meeting did not say where to join."),
    ProblemKey.MEETING_LEFT_OUT: N_(
        "One meeting is written so that it cannot be read; the others count."
    ),
    ProblemKey.CLOCK: N_("The box was without power and has not got the time by the network yet."),
    ProblemKey.HOUR_REFUSED: N_(
        "The hour that the province sent cannot be shown to be the province's."
    ),
    ProblemKey.CAMERA_MISSING: N_("The camera's cable is out, or the camera is broken."),
    ProblemKey.CAMERA_BLANK: N_("The lens is covered, the room is dark, or the camera hangs."),
    ProblemKey.CAMERA_DAMAGED: N_("The camera's cable is too long, loose, or goes through a hub."),
    ProblemKey.MICROPHONE_MISSING: N_(
        "The microphone's cable is out, or the microphone is broken."
    ),
    ProblemKey.MICROPHONE_SILENT: N_("The microphone is switched off, or broken."),
    ProblemKey.SPEAKER_MISSING: N_("The loudspeaker is not plugged in, or the TV takes no sound."),
    ProblemKey.BOARD_SOUND: N_("This kind of box gives no sound through the HDMI cable."),
    ProblemKey.TV_UNCONFIRMED: N_("The TV is off, or its HDMI control (CEC) is off."),
    ProblemKey.TV_INPUT: N_("Somebody chose another input, or another device took the TV."),
    ProblemKey.TV_UNPLUGGED: N_("The HDMI cable is out or broken."),
    ProblemKey.TV_PROGRAM: N_("The program that shows the picture has stopped."),
    ProblemKey.CALL_BUSY: N_("As many sites are in the room as it takes."),
    ProblemKey.CALL_REFUSED: N_(
        "The chair has not opened the room, or the meeting server lets nobody in yet."
    ),
    ProblemKey.CALL_UNREACHABLE: N_("The line is away, or the meeting server is off."),
    ProblemKey.CALL_UNAUTHORISED: N_(
        "The password in the agenda or in the site file is not the room's."
    ),
    ProblemKey.CALL_FORBIDDEN: N_("The meeting server knows this site and does not admit it."),
    ProblemKey.CALL_UNTRUSTED: N_(
        "The server's certificate is of an authority that this box does not know."
    ),
    ProblemKey.CALL_NO_MEDIA: N_(
        "Something on the line (a firewall) holds picture and sound back."
    ),
    ProblemKey.CALL_FAR_END: N_("The chair or the meeting server ended the call."),
    ProblemKey.CALL_LOST: N_("The line was away for a moment."),
    ProblemKey.CALL_BAD_ADDRESS: N_(
        "The agenda has a wrong address, or one of a kind that the box does not know."
    ),
    ProblemKey.FAR_VIDEO: N_(
        "Another site sends a kind of picture that this box cannot show. Its sound is heard."
    ),
    ProblemKey.ROOM_CODEC: N_(
        "The room takes only kinds of picture or sound that this box does not send."
    ),
    ProblemKey.CALL_UNHEARD: N_("Our picture and sound leave the box and do not arrive."),
    ProblemKey.BUTTON_STUCK: N_(
        "The button was held for more than half a minute: it is stuck, or something lies on it."
    ),
    ProblemKey.BUTTON_BOX: N_("The button's cable is out, or the button box is broken."),
    ProblemKey.HOT: N_("The box stands in the sun, in a closed cabinet, or under papers."),
    ProblemKey.POWER_WEAK: N_(
        "The charger is not the box's own, or is broken; or the cable is too long."
    ),
    ProblemKey.STORAGE: N_("The memory card no longer takes what is written."),
    ProblemKey.SITE_FILE: N_(
        "The site file on the card was changed and has faults; the last good settings count."
    ),
    ProblemKey.LINK_SLOW: N_("The network cable is old, damaged, or badly made."),
    ProblemKey.LINK_ERRORS: N_(
        "The network cable has a loose contact, or lies along a mains lead."
    ),
    ProblemKey.SLOWED: N_("The box slows itself down: too hot, or the power is too weak."),
    ProblemKey.PICTURE_COOLED: N_(
        "The box is hot, and sends a smaller picture so that the meeting goes on."
    ),
    ProblemKey.DISK_FULL: N_("There is no room left on the memory card."),
    ProblemKey.CARD_WORN: N_("The card has been written to a lot and will have to be replaced."),
    ProblemKey.MEMORY_SHORT: N_("The box's programs take too much memory."),
    ProblemKey.ENDPOINT_SILENT: N_("The program that joins meetings hangs or ended."),
    ProblemKey.UNIT_FAILED: N_("One of the box's programs ended by itself and was started again."),
    ProblemKey.RESTARTED: N_("The power went, or the box hung and restarted itself."),
    ProblemKey.CERTIFICATE_ENDS: N_(
        "The box has not been able to renew its certificate with the province."
    ),
    ProblemKey.CERTIFICATE_OVER: N_(
        "The box was off for long, or could not renew its certificate."
    ),
    ProblemKey.RESCUE: N_(
        "The software or the memory card is damaged; the box has tried several times."
    ),
    ProblemKey.PART_FAILED: N_("A fault in the software; all else goes on."),
    ProblemKey.BOARD_TOO_SLOW: N_("The box is a Raspberry Pi 3, which is not fast enough."),
    ProblemKey.BOOT_FILES: N_(
        "New boot files could not be written to the card; the old ones work."
    ),
    ProblemKey.STICK_READING: N_("The IT centre's USB stick was just plugged in."),
    ProblemKey.STICK_INSTALLING: N_("New software is being taken from the USB stick."),
    ProblemKey.STICK_WAITING: N_("New software is ready, and a meeting is on or near."),
    ProblemKey.STICK_REFUSED: N_("There is no right file on the stick, or it is not for this box."),
    ProblemKey.STICK_DONE: N_("All on the USB stick has been dealt with."),
}
"""One sentence or two for each problem, as message ids."""
