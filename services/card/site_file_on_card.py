"""The site file as a person leaves it on the card: settings to keep, secrets to take and blank."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from appliance.base.config import Site
from appliance.base.site_file import SiteFileError, SiteFileProblem, parse_site
from appliance.core.message import N_
from appliance.core.remedies.network_settings import is_wifi_password
from services.card import authorities

SECRETS: Mapping[str, str] = {
    "sip_password": "sip-password",
    "claim": "claim",
    "wifi_password": "wifi-password",
}
"""Keys of the section ``[secrets]``, which is on the card only, and the files they become."""
SECRETS_FOLDER = "/data/site/secrets"
WIFI_PASSWORD = SECRETS["wifi_password"]

_HEAD = re.compile(rb"\s*\[\s*([^\]]+?)\s*\]")
_ENTRY = re.compile(
    rb"""\s*(?P<key>[A-Za-z0-9_-]+)\s*=\s*
         (?:"(?P<basic>(?:[^"\\]|\\.)*)"|'(?P<literal>[^']*)')\s*(?:\#.*)?""",
    re.VERBOSE,
)
_NOTHING = re.compile(rb"\s*(#.*)?")
_REMEDY = N_('write key = "text" on one line')


@dataclass(frozen=True, slots=True)
class SiteFileOnCard:
    """One site file of the card, taken apart."""

    raw: bytes
    settings: bytes
    """The file without its secrets, line for line: what the endpoint reads."""
    secrets: Mapping[str, bytes]
    """Contents by file name; without the blank ones, which leave the old secret in force."""
    blanked: bytes
    """The file as it is to be left behind: as long as it was, each secret a run of spaces."""
    problems: tuple[SiteFileProblem, ...]
    site: Site | None
    """What the settings say; None where there are problems."""
    authorities: bytes = b""
    """The file of authorities beside it; b"" where there is none."""

    @property
    def digest(self) -> str:
        """SHA-256 of all but the secrets: a file half blanked by a power cut has the same."""
        return hashlib.sha256(self.blanked + self.authorities).hexdigest()


def with_authorities(on_card: SiteFileOnCard, known: bytes) -> SiteFileOnCard:
    """`on_card` as it is to be judged on a box that has the authorities `known` already.

    A card whose settings lead to ``ca.pem`` must bring it, or the box must have it: else it would
    believe nobody, and could not even be told so.
    """
    site = on_card.site
    if site is None or on_card.authorities or known:
        return on_card
    for key, path in (
        ("agenda.ca", site.agenda.ca),
        ("province.ca", site.province.ca),
        ("call.ca", site.call.ca),
    ):
        if path == authorities.AUTHORITIES:
            missing = SiteFileProblem.of(
                0,
                key,
                N_("leads to the authorities of the card, and there is no ca.pem beside site.toml"),
                N_("copy ca.pem from the files of the province"),
            )
            return replace(on_card, problems=(missing,), site=None)
    return on_card


def with_wifi_password(on_card: SiteFileOnCard, known: Mapping[str, bytes]) -> SiteFileOnCard:
    """`on_card` as it is to be judged on a box that has the secrets `known` already.

    A box that is sent to a Wi-Fi without its password would leave the network that it has.
    """
    site = on_card.site
    if site is None or not site.network.wifi or WIFI_PASSWORD in {**known, **on_card.secrets}:
        return on_card
    return replace(on_card, problems=(missing_wifi_password(),), site=None)


def missing_wifi_password() -> SiteFileProblem:
    """What is said of a card that names a Wi-Fi alone."""
    return SiteFileProblem.of(
        0, "secrets.wifi_password", N_("is missing, and network.wifi names a Wi-Fi"),
        N_('write wifi_password = "…" in [secrets]'),
    )  # fmt: skip


def take_apart(raw: bytes, ca: bytes = b"") -> SiteFileOnCard:
    """Take a site file apart; never raises: all that is wrong with it is in ``problems``.

    `ca` is the file of authorities that lies beside it, b"" for none.
    """
    kept: list[bytes] = []
    left: list[bytes] = []
    secrets: dict[str, bytes] = {}
    problems: list[SiteFileProblem] = []
    inside = b""
    for number, line in enumerate(raw.split(b"\n"), 1):
        body = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        head = _HEAD.match(body)
        if head:
            inside = head[1]
        if inside != b"secrets":
            kept.append(line)
            left.append(line)
            continue
        kept.append(b"")
        found = None if head else _ENTRY.fullmatch(body.rstrip(b"\r"))
        left.append(_blank(line, found))
        if found:
            problems.extend(_take(number, found, secrets))
        elif not head and not _NOTHING.fullmatch(body):
            problems.append(
                SiteFileProblem.of(number, "secrets", N_("this line is not understood"), _REMEDY)
            )
    settings = b"\n".join(kept)
    site = None
    try:
        site = parse_site(settings)
        problems.extend(_misplaced(site, secrets))
    except SiteFileError as error:
        problems.extend(error.problems)
    if ca:
        problems.extend(authorities.problems(ca))
    return SiteFileOnCard(
        raw, settings, secrets, b"\n".join(left), tuple(problems), None if problems else site, ca
    )


def _blank(line: bytes, found: re.Match[bytes] | None) -> bytes:
    if found is None:
        return line
    name = "basic" if found["basic"] is not None else "literal"
    offset = line.index(found.group(0))
    start, end = found.start(name) + offset, found.end(name) + offset
    return line[:start] + b" " * (end - start) + line[end:]


def _take(number: int, found: re.Match[bytes], secrets: dict[str, bytes]) -> list[SiteFileProblem]:
    key = found["key"].decode()
    full = f"secrets.{key}"
    if key not in SECRETS:
        close = get_close_matches(key, list(SECRETS), n=1)
        remedy = N_("did you mean {known}?") if close else N_("one of {known}")
        known = close[0] if close else ", ".join(SECRETS)
        return [SiteFileProblem.of(number, full, N_("unknown key"), remedy, known=known)]
    try:
        value = str(tomllib.loads(found.group(0).decode())[key]).strip()
    except (ValueError, RecursionError):
        # Never with the value: it is a secret, and RESULT.txt is read on any PC.
        return [
            SiteFileProblem.of(
                number,
                full,
                N_("the text cannot be read"),
                N_("save as UTF-8; write \\\\ for \\"),
            )
        ]
    if value and SECRETS[key] == WIFI_PASSWORD and not is_wifi_password(value.encode()):
        return [
            SiteFileProblem.of(
                number,
                full,
                N_("can be no password of a Wi-Fi"),
                N_("8 to 63 letters without accents, as the router has it"),
            )
        ]
    if value:
        if SECRETS[key] in secrets:
            return [SiteFileProblem.of(number, full, N_("is there twice"), N_("leave one of them"))]
        secrets[SECRETS[key]] = value.encode()
    return []


def _misplaced(site: Site, secrets: Mapping[str, bytes]) -> list[SiteFileProblem]:
    wanted = f"{SECRETS_FOLDER}/{SECRETS['sip_password']}"
    if SECRETS["sip_password"] in secrets and site.sip.password_file != wanted:
        return [
            SiteFileProblem.of(
                0,
                "sip.password_file",
                N_("does not lead to the password of [secrets]"),
                N_('write password_file = "{wanted}" in [sip]'),
                wanted=wanted,
            )
        ]
    return []
