"""Tells systemd-timesyncd which time servers the settings name (timesyncd.conf(5), ``NTP=``).

They are asked beside those that DHCP gives (option 42), and before Debian's pool. The file lies in
/run: it is made anew at each start from the settings in force, so it needs no undoing.
"""

from pathlib import Path

from appliance.base.atomic_file import write_atomically
from appliance.base.site_file import SiteFileError, read_site

DROP_IN = "10-site.conf"


def write_time_servers(settings: Path, folder: Path) -> str:
    """Write `DROP_IN` into `folder` where the site file `settings` names servers.

    Returns what was done, "" for nothing. Raises `OSError`.
    """
    try:
        servers = read_site(settings).clock.servers
    except SiteFileError:
        return ""  # there are no settings, or they are an older release's and the TV says so
    if not servers:
        (folder / DROP_IN).unlink(missing_ok=True)
        return ""
    content = f"[Time]\nNTP={' '.join(servers)}\n"
    write_atomically(folder / DROP_IN, content.encode(), mode=0o644)
    return f"time servers: {', '.join(servers)}"
