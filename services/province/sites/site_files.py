"""One site file for each site, ready to be written onto its card, or all in one archive."""

import io
import json
import zipfile
from collections.abc import Iterable

from appliance.base.site_file import parse_site
from services.province.settings import Settings
from services.province.storage.tables import Site

HEAD = """\
# Điểm Cầu: tệp cấu hình của điểm cầu {name}
# The site file of {name}. Keep it secret: the agenda's address in it is this site's alone.
"""


def feed_url(settings: Settings, site: Site) -> str:
    """The address of the site's agenda, as its file has it."""
    return f"{settings.url}/feeds/{site.feed_token}/{site.id}.ics"


def site_file(settings: Settings, site: Site) -> str:
    """The file's text, checked by the appliance's own reader."""
    lines = [
        HEAD.format(name=site.name),
        "[site]",
        f"id = {_quoted(site.id)}",
        f"name = {_quoted(site.name)}",
        f"zone = {_quoted(settings.zone)}",
        "",
        "[agenda]",
        f"url = {_quoted(feed_url(settings, site))}",
    ]
    if settings.hosts:
        lines.append(f"hosts = [{', '.join(_quoted(host) for host in settings.hosts)}]")
    if settings.ca:
        lines.append(f"ca = {_quoted(settings.ca)}")
    lines += _province(settings)
    text = "\n".join(lines) + "\n"
    parse_site(text.encode())
    return text


def _province(settings: Settings) -> list[str]:
    lines = []
    if settings.broker:
        lines.append(f"broker = {_quoted(settings.broker)}")
        if settings.secure:
            lines.append(f"url = {_quoted(settings.url)}")
    if settings.releases:
        lines.append(f"releases = {_quoted(settings.releases)}")
    if lines and settings.ca:
        lines.append(f"ca = {_quoted(settings.ca)}")
    return ["", "[province]", *lines] if lines else []


def archive(settings: Settings, sites: Iterable[Site]) -> bytes:
    """A ZIP with ``<id>/site.toml`` for each; ids are safe as names of folders."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for site in sites:
            # The time of packing would make each archive different.
            entry = zipfile.ZipInfo(f"{site.id}/site.toml", (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            file.writestr(entry, site_file(settings, site))
    return packed.getvalue()


def _quoted(text: str) -> str:
    # A JSON string is a basic string of TOML, but for the one control character that JSON keeps.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
