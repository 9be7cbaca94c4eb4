"""Who may say what: mosquitto's access list (mosquitto.conf(5)), made from the sites let in.

Each site is named, so that one that is not on the list has no topic at all, whatever certificate it
shows; and a site writes only below its own topic.
"""

from collections.abc import Iterable

from appliance.wire.topics import REPORTED, SITE, TOLD, Kind, Topic, of_all_sites

PROVINCE = "_province"
"""The common name of the province's own certificate; no site's id begins with a low line."""


def access_list(sites: Iterable[str]) -> str:
    """The text of ``acl_file``. Raises `ValueError` on what is no site's id: a line break in one
    would be a line of the list."""
    lines = [
        "# Written by the province; what is changed here is lost.",
        f"user {PROVINCE}",
        *(f"topic read {of_all_sites(kind)}" for kind in REPORTED),
        *(f"topic write {of_all_sites(kind)}" for kind in Kind),
        "topic read $SYS/#",
    ]
    for site in sorted(set(sites)):
        if not SITE.fullmatch(site):
            raise ValueError(f"{site!r} is no site's id; one looks like ia-kly")
        lines += ["", f"user {site}"]
        lines += [f"topic write {Topic(site, kind)}" for kind in REPORTED]
        lines += [f"topic read {Topic(site, kind)}" for kind in TOLD]
    return "\n".join(lines) + "\n"
