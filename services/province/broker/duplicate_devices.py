"""Two devices with one identity: seen from the boots and boards that speak under one certificate.

A boot never comes back. Who hears boot A, then B, then A again hears two devices; and whoever shows
two serial numbers within a short time was copied, too. Pure, and small enough to be kept in a row
of a table: `Speakers` is what is remembered of one site.
"""

from dataclasses import dataclass, replace

from appliance.wire.report import Presence

MOST_BOOTS = 8


@dataclass(frozen=True, slots=True)
class Speakers:
    """The boots of one site, the newest last, and the board that spoke last."""

    boots: tuple[str, ...] = ()
    serial: str = ""
    suspicion: str = ""
    """Why this looks like two devices; "" for one."""


def heard(known: Speakers, presence: Presence) -> Speakers:
    """After a birth; wills and farewells tell nothing of who speaks now.

    A box in the place of a broken one is another board, once; it is a suspicion only when the first
    board speaks again, which then comes with a boot that was left before.
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
    boots = (*known.boots, boot)[-MOST_BOOTS:]
    return Speakers(boots, presence.serial, known.suspicion)
