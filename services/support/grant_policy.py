"""May this grant be used at this box now? Pure: the time is an argument."""

from dataclasses import dataclass
from datetime import timedelta

from services.support.grant import Grant
from services.support.signature import Signer
from services.support.trusted_time import TrustedTime
from services.support.used_grants import UsedGrants

MAX_CLOCK_LEAD = timedelta(minutes=10)
"""The clock of the IT centre may be so far ahead of the box's."""


@dataclass(frozen=True, slots=True)
class ThisBox:
    """The box that the grant has come to."""

    serial: str
    """Of its board; "" where the board tells none."""
    site: str
    """Of its settings; "" on a box without any."""
    time: TrustedTime


def refusal(grant: Grant, signer: Signer, box: ThisBox, used: UsedGrants) -> str:
    """Why the grant opens nothing here; "" where it does. `signer` is verified before."""
    return (
        _of_signer(grant, signer)
        or _of_box(grant, box)
        or _of_time(grant, signer, box.time)
        or used.refusal(grant)
    )


def seconds(grant: Grant, time: TrustedTime) -> float:
    """How long the shell may stay: the grant's hours, cut at `until` where the time is trusted."""
    most = grant.hours * 3600
    return min(most, (grant.until - time.now).total_seconds()) if time.trusted else most


def _of_signer(grant: Grant, signer: Signer) -> str:
    if signer.signs_code or not signer.signs_mail:
        return f"the certificate of {signer.name} is not for grants"
    if not signer.begins <= grant.issued <= signer.ends:
        return f"the certificate of {signer.name} was not valid when it signed"
    return ""


def _of_box(grant: Grant, box: ThisBox) -> str:
    if grant.serial and grant.serial != box.serial:
        return f"for the box with serial {grant.serial}; this one has {box.serial or 'none'}"
    if grant.site and grant.site != box.site:
        return f"for the site {grant.site}; this one is {box.site or 'none'}"
    return ""


def _of_time(grant: Grant, signer: Signer, time: TrustedTime) -> str:
    """By the clock where it is trusted, else by the newest moment that is known to have passed."""
    known = time.now if time.trusted else time.past
    if known >= grant.until:
        return f"until {grant.until.isoformat()} only; it is {known.isoformat()} or later"
    if known > signer.ends:
        return f"the certificate of {signer.name} has ended on {signer.ends.isoformat()}"
    if time.trusted and grant.issued > time.now + MAX_CLOCK_LEAD:
        return f"issued {grant.issued.isoformat()}, which is yet to come: it is {known.isoformat()}"
    return ""
