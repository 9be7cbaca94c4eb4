"""The text of RESULT.txt: what became of the site file, for whoever reads the card in a PC."""

from collections.abc import Sequence

from appliance.base.config import Site
from appliance.base.site_file import SiteFileProblem
from appliance.base.texts import text
from appliance.core.message import N_


def accepted(site: Site, serial: str, notes: Sequence[SiteFileProblem] = ()) -> bytes:
    """The settings are in force; `notes` say what they lack for the meetings of the agenda."""
    name, identity = site.site.name, site.site.id
    heading = (N_("Look at this as well:"), dict[str, str]())
    return _both(
        (
            N_("ACCEPTED: the settings of {name} ({id}) are in force."),
            {"name": name, "id": identity},
        ),
        (N_("The secrets in site.toml were taken and blanked."), {}),
        *((heading,) if notes else ()),
        listed=_listed(notes),
        serial=serial,
    )


def rejected(problems: Sequence[SiteFileProblem], serial: str, running: bool) -> bytes:
    """Nothing was taken; every problem with its line and remedy."""
    good, none = N_("The last good settings stay in force."), N_("There are no settings yet.")
    return _both(
        (N_("REJECTED: site.toml has faults; correct them and put the card back:"), {}),
        (good if running else none, {}),
        listed=_listed(problems),
        serial=serial,
    )


def _listed(problems: Sequence[SiteFileProblem]) -> tuple[str, str]:
    return (
        "".join(f"\r\n  - {problem.in_vietnamese()}" for problem in problems),
        "".join(f"\r\n  - {problem}" for problem in problems),
    )


def no_file(serial: str, folder: str = "") -> bytes:
    """A card without settings, a box without settings.

    `folder` has a site file in it: whoever copied the province's folder whole is told so.
    """
    missing = N_("There is no site.toml on this card; copy site.toml.example and fill it in.")
    within = N_("site.toml lies in the folder {folder}: move the files out of it, to the top.")
    sentence = (within, {"folder": folder}) if folder else (missing, dict[str, str]())
    return _both(sentence, serial=serial)


def _both(
    *sentences: tuple[str, dict[str, str]], serial: str, listed: tuple[str, str] = ("", "")
) -> bytes:
    """Vietnamese, then English; a BOM and CRLF, so that any Notepad shows it as it is."""
    spoken = [
        "\r\n".join(text(locale)(sentence, **values) for sentence, values in sentences)
        for locale in ("vi", "en")
    ]
    vi, en = (one + more for one, more in zip(spoken, listed, strict=True))
    told = f"{vi}\r\n\r\n{en}\r\n\r\nSố máy (serial): {serial}\r\n"
    return b"\xef\xbb\xbf" + told.encode()
