"""Who may say what: mosquitto's access list (mosquitto.conf(5)), the same for every site.

The name in a site's certificate is its user name, and the patterns are filled in with it: a site
writes only below its own topic and hears only what it is told. So the list needs no line for a new
site, and the broker need not read it again: mosquitto 2.0.11 (Debian 12) falls by SIGSEGV when it
is told to by SIGHUP while TLS clients come and go, once in some thirty times.
"""

from appliance.wire.topics import FROM_PROVINCE, FROM_SITE, ROOT, Kind, all_sites_filter

PROVINCE = "_province"
"""The common name of the province's own certificate; no site's id begins with a low line."""


def access_list() -> str:
    """The text of ``acl_file``."""
    lines = [
        "# Written by the province; what is changed here is lost.",
        *(f"pattern write {ROOT}/%u/{kind}" for kind in FROM_SITE),
        *(f"pattern read {ROOT}/%u/{kind}" for kind in FROM_PROVINCE),
        "",
        f"user {PROVINCE}",
        *(f"topic read {all_sites_filter(kind)}" for kind in FROM_SITE),
        *(f"topic write {all_sites_filter(kind)}" for kind in Kind),
        "topic read $SYS/#",
    ]
    return "\n".join(lines) + "\n"
