"""Finds two devices with one identity, from the boots and boards that report with one certificate.

A boot never comes back: reports of boot A, then B, then A again are those of two devices. Pure;
`SiteBoots` is all that is remembered of one site.
"""

from dataclasses import dataclass, replace

from appliance.wire.report import Presence

MAX_BOOTS = 8


@dataclass(frozen=True, slots=True)
class SiteBoots:
    """The boots of one site, the newest last, and the serial number of the last board."""

    boots: tuple[str, ...] = ()
    serial: str = ""
    suspicion: str = ""
    """Why this looks like two devices; "" for one."""


def after_presence(known: SiteBoots, presence: Presence) -> SiteBoots:
    """What is known after a birth; wills and farewells say nothing of who reports now.

    A box in the place of a broken one is another board, once. It is a suspicion only when the first
    board reports again, which then does so with a boot that another has followed.
    """
    if not presence.online:
        return known
    boot = presence.id.boot_id
    if known.boots and boot == known.boots[-1]:
        return known
    if boot in known.boots:
        boards = sorted({known.serial, presence.serial} - {""})
        return replace(
            known,
            boots=(*(one for one in known.boots if one != boot), boot),
            serial=presence.serial,
            suspicion=f"boots {known.boots[-1][:8]} and {boot[:8]} speak in turn"
            + (f", boards {' and '.join(boards)}" if len(boards) > 1 else ""),
        )
    boots = (*known.boots, boot)[-MAX_BOOTS:]
    return SiteBoots(boots, presence.serial, known.suspicion)
