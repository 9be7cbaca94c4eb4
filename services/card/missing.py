"""What settings lack for the meetings of the agenda, for the network and for whom to call. Pure.

None of it makes a site file wrong: a conference system may ask for no name, and a public authority
may have signed its certificate. But who helps by telephone has to know it before the meeting.
"""

from collections.abc import Iterator, Sequence

from appliance.base.config import Help, Network, Site
from appliance.base.site_file import SiteFileProblem
from appliance.core.message import N_
from services.card.needs import Need


def notes(site: Site, needs: Sequence[Need]) -> tuple[SiteFileProblem, ...]:
    """One sentence for each thing, with its key and remedy."""
    return (*_missing(site, needs), *_of_the_network(site.network), *_of_help(site.help))


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


def _of_the_network(network: Network) -> Iterator[SiteFileProblem]:
    if not network.address:
        return
    if not network.dns:
        yield SiteFileProblem.of(
            0, "network.dns", N_("is not set: no server is found by its name"),
            N_("write the servers of the network that gave the address"),
        )  # fmt: skip
    if not network.gateway:
        yield SiteFileProblem.of(
            0, "network.gateway", N_("is not set: only the box's own network is reached"),
            N_("write the gateway of the network that gave the address"),
        )  # fmt: skip


def _of_help(help_: Help) -> Iterator[SiteFileProblem]:
    if not help_.telephone:
        yield SiteFileProblem.of(
            0, "help.telephone", N_("is not set: the TV names no number to call"),
            N_("write the number of who helps, in [help]"),
        )  # fmt: skip
