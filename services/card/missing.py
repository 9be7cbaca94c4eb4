"""What settings lack for the meetings of the agenda, and what is kept for a later release. Pure.

None of it makes a site file wrong: a conference system may ask for no name, and a public authority
may have signed its certificate. But who helps by telephone has to know it before the meeting.
"""

from collections.abc import Iterator, Sequence

from appliance.base.config import Site
from appliance.base.site_file import SiteFileProblem
from appliance.core.message import N_
from services.card.needs import Need


def notes(site: Site, needs: Sequence[Need]) -> tuple[SiteFileProblem, ...]:
    """One sentence for each thing, with its key and remedy."""
    return (*_missing(site, needs), *_kept_for_later(site))


def _missing(site: Site, needs: Sequence[Need]) -> Iterator[SiteFileProblem]:
    of = SiteFileProblem.of
    sip = [need for need in needs if need.scheme in ("sip", "sips")]
    if sip and not site.sip.user:
        yield of(
            0, "sip.user", N_("is not set, and {host} may ask for it (“{title}”)"),
            N_("write the name that the conference system knows this site by"),
            host=sip[0].host, title=sip[0].title,
        )  # fmt: skip
    elif sip and not site.sip.password_file:
        yield of(
            0, "sip.password_file", N_("is not set, and {host} may ask for a password (“{title}”)"),
            N_("write it, and the password in [secrets]"),
            host=sip[0].host, title=sip[0].title,
        )  # fmt: skip
    with_codes = next((need for need in sip if need.codes), None)
    if with_codes and not site.sip.conference and "{id}" not in site.sip.entry_queue:
        yield of(
            0, "sip.entry_queue",
            N_("does not say when the conference's ID is pressed (“{title}”)"),
            N_("write e.g. wait 4, {example}; without it this is what is pressed"),
            title=with_codes.title, example="{id}#, wait 3, {pin}#",
        )  # fmt: skip
    secure = next((need for need in needs if need.secure), None)
    if secure and not site.call.ca:
        yield of(
            0, "call.ca", N_("names no authority: {host} needs a public one (“{title}”)"),
            N_("if it has one of its own, put it into ca.pem beside site.toml"),
            host=secure.host, title=secure.title,
        )  # fmt: skip


def _kept_for_later(site: Site) -> Iterator[SiteFileProblem]:
    if site.help.telephone or site.help.link:
        message = N_("is kept for later: the TV does not show it yet")
        remedy = N_("write the telephone on the label of the box")
        yield SiteFileProblem.of(0, "help", message, remedy)
    network = site.network
    told = {
        "wifi": (network.wifi, N_("is kept for later: this release needs the network cable")),
        "vlan": (
            network.vlan,
            N_("is kept for later: the socket at the wall has to be without one"),
        ),
        "proxy": (network.proxy, N_("is kept for later: this release goes by no proxy")),
        "address": (
            network.address or network.gateway or network.dns,
            N_("is kept for later: this release takes its address by DHCP"),
        ),
    }
    for key, (value, message) in told.items():
        if value:
            remedy = N_("see to it at the router, or wait for a release that reads it")
            yield SiteFileProblem.of(0, f"network.{key}", message, remedy)
