"""The files of one site, ready to be put onto its card, or of all sites in one archive."""

import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

from appliance.base.site_file import SiteFileError
from services.card.authorities import AUTHORITIES, NAME
from services.card.site_file_on_card import SECRETS, SECRETS_FOLDER, take_apart, with_authorities
from services.province.settings import Settings
from services.province.sites.site_settings import order
from services.province.storage.tables import Site

HEAD = """\
# Điểm Cầu: tệp cấu hình của điểm cầu {name}
# The site file of {name}. Keep it secret: the agenda's address in it is this site's alone.
"""


def feed_url(settings: Settings, site: Site) -> str:
    """The address of the site's agenda, as its file has it."""
    return f"{settings.url}/feeds/{site.feed_token}/{site.id}.ics"


def site_file(settings: Settings, site: Site) -> str:
    """The file's text; raises `SiteFileError` for one that the box would refuse."""
    sections = {name: dict(table) for name, table in settings.sites.sections.items()}
    own = _own(settings, site)
    for name, table in own.items():
        sections[name] = {**sections.get(name, {}), **table}
    lines = [HEAD.format(name=site.name).rstrip("\n")]
    for name in order():
        if sections.get(name):
            lines += _lines(name, sections[name])
    secrets = dict(settings.sites.secrets)
    if site.sip_password:
        secrets["sip_password"] = site.sip_password
    if secrets:
        lines += _lines("secrets", secrets)
    text = "\n".join(lines) + "\n"
    on_card = take_apart(text.encode())
    on_card = with_authorities(on_card, settings.authorities())
    if on_card.problems:
        raise SiteFileError(list(on_card.problems))
    return text


def _own(settings: Settings, site: Site) -> dict[str, dict[str, Any]]:
    """What this program knows: the site's own, and the ways to this province."""
    agenda: dict[str, Any] = {"url": feed_url(settings, site)}
    if settings.hosts:
        agenda["hosts"] = list(settings.hosts)
    carried = AUTHORITIES if settings.authorities() and not settings.ca else ""
    # A certificate of a public authority is not looked for among the province's own.
    private = settings.own_certificate or bool(settings.sites.authorities)
    if settings.ca or (carried and private):
        agenda["ca"] = settings.ca or carried
    province: dict[str, Any] = {}
    if settings.broker:
        province["broker"] = settings.broker
        if settings.secure:
            province["url"] = settings.url
    if settings.releases:
        province["releases"] = settings.releases
    if province and (settings.ca or carried):
        province["ca"] = settings.ca or carried
    sip: dict[str, Any] = {}
    if site.sip_user:
        sip["user"] = site.sip_user
    if site.extension:
        sip["extension"] = site.extension
    if site.sip_password:
        sip["password_file"] = f"{SECRETS_FOLDER}/{SECRETS['sip_password']}"
    call = {"ca": carried} if carried and settings.sites.authorities else {}
    return {
        "site": {"id": site.id, "name": site.name, "zone": settings.zone},
        "agenda": agenda,
        "province": province,
        "sip": sip,
        "call": call,
    }


def card_files(settings: Settings, site: Site) -> dict[str, bytes]:
    """What is to be copied onto the site's card, by file name."""
    files = {"site.toml": site_file(settings, site).encode()}
    if settings.authorities() and not settings.ca:
        files[NAME] = settings.authorities()
    return files


def archive(settings: Settings, sites: Iterable[Site]) -> bytes:
    """A ZIP with a folder ``<id>`` for each, with its files; ids are safe as names of folders."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for site in sites:
            for name, content in card_files(settings, site).items():
                # The time of packing would make each archive different.
                entry = zipfile.ZipInfo(f"{site.id}/{name}", (2020, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                file.writestr(entry, content)
    return packed.getvalue()


def _lines(name: str, table: dict[str, Any]) -> list[str]:
    return ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, str):
        # JSON's is a basic string of TOML, but for the one control character that JSON keeps.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return json.dumps(value)
