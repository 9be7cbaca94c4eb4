"""What the site files of all sites have in common: sections of a site file, and authorities.

Who runs the province writes them once: how the conference system is called, who helps, where
releases lie. Checked at the start by the appliance's own reader, so that no card is made which a
box refuses.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.base.atomic_file import write_atomically
from appliance.base.config import Site as SiteValues
from services.card import authorities
from services.card.site_file_on_card import take_apart
from services.province.errors import ProvinceError

FOLDER, SETTINGS_FILE, AUTHORITIES_FILE = "sites", "settings.toml", "authorities.pem"
"""In the data folder, where a back-up finds them."""
OWN_SECTIONS = ("site", "agenda")
"""Each site's own, and written by this program alone."""
MAX_BYTES = 128 * 1024
_SAMPLE = """
[site]
id = "a"
name = "A"
[agenda]
url = "https://a.example/a.ics"
"""

Section = Mapping[str, Any]


class SiteSettingsError(ProvinceError):
    """The settings of all sites cannot be used; says why, line by line, without any value."""


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """``sections`` by name, with the values by key; ``authorities`` as PEM, b"" for none."""

    sections: Mapping[str, Section] = field(default_factory=dict)
    authorities: bytes = field(default=b"", repr=False)
    secrets: Section = field(default_factory=dict, repr=False)


def take_in(data: Path, file: Path | None, trusted: Sequence[Path]) -> SiteSettings:
    """Those that are kept in the data folder; what is given takes their place first.

    A province that is restored elsewhere has them with it. Raises `SiteSettingsError`, and then
    what was kept is as before; `OSError` where the folder cannot be used.
    """
    given = read_site_settings(file, trusted)
    folder = data / FOLDER
    kept_file, kept_trusted = folder / SETTINGS_FILE, folder / AUTHORITIES_FILE
    if file is not None or trusted:
        folder.mkdir(exist_ok=True, mode=0o700)
    if file is not None:
        write_atomically(kept_file, file.read_bytes()[:MAX_BYTES])
    if trusted:
        write_atomically(kept_trusted, given.authorities)
    return read_site_settings(
        kept_file if kept_file.exists() else None, [kept_trusted] if kept_trusted.exists() else []
    )


def read_site_settings(file: Path | None, trusted: Sequence[Path]) -> SiteSettings:
    """From a file with sections of a site file, and files with authorities.

    Raises `SiteSettingsError`.
    """
    pem = b"\n".join(_authority(path) for path in trusted)
    if len(pem) > authorities.MAX_BYTES:
        raise SiteSettingsError(f"the authorities have more than {authorities.MAX_BYTES} bytes")
    if file is None:
        return SiteSettings(authorities=pem)
    try:
        raw = file.read_bytes()[:MAX_BYTES]
    except OSError as error:
        raise SiteSettingsError(f"{file} cannot be read: {error.strerror}") from error
    # Behind the rest, so that the lines which are told are those of the file.
    on_card = take_apart(raw + _SAMPLE.encode())
    own = [name for name in OWN_SECTIONS if f"[{name}]" in raw.decode(errors="replace").split()]
    if own:
        raise SiteSettingsError(f"{file}: [{own[0]}] is each site's own; remove it")
    if on_card.problems:
        told = "; ".join(problem.without_value() for problem in on_card.problems)
        raise SiteSettingsError(f"{file}: {told}")
    tree = tomllib.loads(on_card.settings.decode("utf-8-sig").replace("\r\n", "\n"))
    sections = {name: table for name, table in tree.items() if name not in OWN_SECTIONS}
    secrets = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n")).get("secrets", {})
    return SiteSettings(sections, pem, secrets)


def _authority(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SiteSettingsError(f"{path} cannot be read: {error.strerror}") from error
    if not authorities.count(pem):
        raise SiteSettingsError(f"{path} holds no certificate (PEM) that can be read")
    return pem


def order() -> tuple[str, ...]:
    """The names of the sections in the order in which a site file has them."""
    return tuple(SiteValues.__dataclass_fields__)
