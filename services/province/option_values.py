"""What the options of ``diemcau province`` may be, judged as a box would judge it."""

import re
from pathlib import Path

import click

from appliance.base.site_file import FORMS
from appliance.wire.address import Address, AddressError
from services.province.sites.site_settings import SiteSettings, SiteSettingsError, take_in


def address_value(_: click.Context, option: click.Parameter, value: str) -> str:
    """An address that a site can dial."""
    try:
        if value:
            Address.parse(value)
    except AddressError as error:
        raise click.BadParameter(str(error)) from error
    return value


def site_settings(data: Path, file: Path | None, authorities: tuple[Path, ...]) -> SiteSettings:
    """What all site files have, from what was given or kept."""
    try:
        return take_in(data, file, authorities)
    except SiteSettingsError as error:
        raise click.ClickException(str(error)) from None


def site_file_value(_: click.Context, option: click.Parameter, value: str) -> str:
    """Refuse here what would make each site file with it invalid."""
    form, wanted = FORMS[f"province.{option.name}"]
    if not re.fullmatch(form, value):
        raise click.BadParameter(f"{value!r} has the wrong form; {wanted}")
    return value
