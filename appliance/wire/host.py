"""Whether a text names a machine of the network, alone or in a URL: one rule for whoever connects.

Libraries raise errors of many kinds on a name or a port that cannot be (UnicodeError,
OverflowError, `idna.IDNAError`), some only when the connection is made. So it is asked here first.
"""

import ipaddress
import re
from enum import StrEnum
from urllib.parse import urlsplit

MAX_HOST_LENGTH = 253
"""Letters of a name in DNS (RFC 1035 section 3.1, without length bytes)."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0]")


class HostProblem(StrEnum):
    """What is wrong with a host or a URL; the value says it in English."""

    EMPTY = "it names no host"
    LETTERS = "a host has letters a to z, digits, hyphens and single dots"
    LONG = "the name of the host is too long"
    PUNYCODE = "what follows xn-- is no name"
    BRACKETS = "the brackets hold no IPv6 address"
    DIGITS = "numbers alone are a host only as four from 0 to 255, without zeros in front"
    PORT = "a port is a number from 1 to 65535"
    BLANK = "there is a blank or an invisible letter in it"
    SCHEME = "it begins in another way"


def host_problem(host: str) -> HostProblem | None:
    """Why `host` (a name, an IPv4 address, or an IPv6 address in brackets) is none; None where it
    is one. A name with accents is written as ``xn--…`` (RFC 5891)."""
    if "[" in host or "]" in host:
        return None if _is_ipv6(host) else HostProblem.BRACKETS
    if not host:
        return HostProblem.EMPTY
    if len(host) > MAX_HOST_LENGTH:
        return HostProblem.LONG
    return _name_problem(host)


def _name_problem(host: str) -> HostProblem | None:
    for label in host.lower().split("."):
        if label.startswith("xn--") and not _is_punycode(label):
            return HostProblem.PUNYCODE
        if not _LABEL.fullmatch(label):
            return HostProblem.LETTERS
    # The resolver makes 10.20.0.30 of 10.20.30, and reads 010 as eight: another machine answers.
    other = _NUMBER.fullmatch(host.rpartition(".")[2]) and not _is_ipv4(host)
    return HostProblem.DIGITS if other else None


def url_problem(url: str, schemes: tuple[str, ...]) -> HostProblem | None:
    """Why no connection can be made to `url`, whose scheme is to be one of `schemes`; None where
    one can be tried."""
    if _BLANK.search(url) or not url.isprintable():
        return HostProblem.BLANK
    try:
        parts = urlsplit(url)
    except ValueError:  # an open bracket
        return HostProblem.BRACKETS
    if parts.scheme not in schemes:
        return HostProblem.SCHEME
    place = parts.netloc.rpartition("@")[2]
    found = re.fullmatch(r"(\[.*\]|[^:]*)(?::(.*))?", place)
    if found is None or (found[2] is not None and not is_port(found[2])):
        return HostProblem.PORT
    return host_problem(found[1])


def is_port(digits: str) -> bool:
    """Whether these digits are a port that can be connected to."""
    return bool(re.fullmatch(r"[0-9]{1,5}", digits)) and 1 <= int(digits) <= 65535


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return host[0] == "[" and host[-1] == "]" and "%" not in host


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_punycode(label: str) -> bool:
    try:
        text = label.removeprefix("xn--").encode().decode("punycode")
    except (UnicodeError, ValueError):
        return False
    return any(ord(letter) > 127 for letter in text)
