"""May this grant be used at this box now? Pure: the hour is an argument."""

from dataclasses import dataclass
from datetime import timedelta

from services.support.grant import Grant
from services.support.signature import Signer
from services.support.trusted_time import TrustedTime
from services.support.used_grants import UsedGrants

AHEAD = timedelta(minutes=10)
"""How far the clock of the IT centre may be before the box's."""


@dataclass(frozen=True, slots=True)
class Here:
    """The box that judges."""

    serial: str
    """Of its board; "" where the board tells none."""
    site: str
    """Of its settings; "" on a box without any."""
    hour: TrustedTime


def refusal(grant: Grant, signer: Signer, here: Here, used: UsedGrants) -> str:
    """Why the grant opens nothing here; "" where it does. `signer` is verified before."""
    return (
        _of_signer(grant, signer)
        or _of_box(grant, here)
        or _of_time(grant, signer, here.hour)
        or used.refusal(grant)
    )


def seconds(grant: Grant, hour: TrustedTime) -> float:
    """How long the shell may stay, by a clock that nobody sets; never past a known `until`."""
    most = grant.hours * 3600
    return min(most, (grant.until - hour.now).total_seconds()) if hour.trusted else most


def _of_signer(grant: Grant, signer: Signer) -> str:
    if signer.signs_code or not signer.signs_mail:
        return f"the certificate of {signer.name} is not for grants"
    if not signer.begins <= grant.issued <= signer.ends:
        return f"the certificate of {signer.name} was not valid when it signed"
    return ""


def _of_box(grant: Grant, here: Here) -> str:
    if grant.serial and grant.serial != here.serial:
        return f"for the box with serial {grant.serial}; this one has {here.serial or 'none'}"
    if grant.site and grant.site != here.site:
        return f"for the site {grant.site}; this one is {here.site or 'none'}"
    return ""


def _of_time(grant: Grant, signer: Signer, hour: TrustedTime) -> str:
    """A clock that is not trusted says nothing; what is known to have passed does."""
    known = hour.now if hour.trusted else hour.past
    if known >= grant.until:
        return f"until {grant.until.isoformat()} only; it is {known.isoformat()} or later"
    if known > signer.ends:
        return f"the certificate of {signer.name} has ended on {signer.ends.isoformat()}"
    if hour.trusted and grant.issued > hour.now + AHEAD:
        return f"issued {grant.issued.isoformat()}, which is yet to come: it is {known.isoformat()}"
    return ""
