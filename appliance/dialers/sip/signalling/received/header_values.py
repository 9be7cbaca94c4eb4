"""Reads addresses, Via and CSeq as far ends really write them (RFC 3261 sections 19.1, 20, 25.1).

sipmessage's own readers hold to the grammar: an unquoted Vietnamese name, a ``#`` in a user or a
host ``rmx_2000`` is an error there, and once cost whole calls, although nothing of them was needed.
These take what can be meant, in a time that grows with the length of the text alone.
"""

import re
from urllib.parse import unquote

from sipmessage import URI, Address, CSeq, Message, Parameters, Via

_SIP = re.compile(r"(sips?):(.+)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(
    r"(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?)(?::([0-9]{1,5}))?", re.IGNORECASE
)
_VIA = re.compile(
    r'SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9.!%*_+-]+)\s+([^\s;,"<>]+)(?:\s*:\s*([0-9]+))?', re.IGNORECASE
)
_CSEQ = re.compile(r"([0-9]{1,10})\s*([A-Za-z.!%*_+`'~-][A-Za-z0-9.!%*_+`'~-]*)")
_PLAIN_NAME = re.compile(r'(?:[A-Za-z0-9.!%*_+`\'~ -]*|"(?:[\x20-\x7e]*)"\s*)')
MAX_HOST = 255
MAX_CONTACTS = 64
"""Contacts that are looked at; a registrar lists all places where somebody is."""
MAX_NUMBER = 64
"""Characters of a telephone number; the library's reader needs time by the square of them."""


def pieces(value: str, separator: str) -> list[str]:
    """The parts of a value between separators that are neither quoted nor in angle brackets."""
    found, start, quoted, bracketed, escaped = [], 0, False, False, False
    for at, sign in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = sign == "\\", sign != '"'
        elif sign == '"' and not bracketed:
            quoted = True
        elif sign in "<>":
            bracketed = sign == "<"
        elif sign == separator and not bracketed:
            found.append(value[start:at].strip())
            start = at + 1
    return [*found, value[start:].strip()]


def read_uri(text: str, *, headers: bool = True) -> URI:
    """A SIP, SIPS or TEL address; raises ValueError.

    What follows a ``?`` is left out, or refused without ``headers``: an address that is called has
    none (section 19.1.1).
    """
    text = printable(text.strip())
    match = _SIP.fullmatch(text)
    if match is None:
        if len(text) > MAX_NUMBER or text[:4].lower() != "tel:":
            raise ValueError(f"{text[:40]!r} is no SIP address")
        return URI.parse("tel:" + text[4:])
    scheme, rest = match[1].lower(), match[2]
    # A user may hold a semicolon and a question mark; a host holds neither.
    before, at, after = rest.rpartition("@")
    place, *parameters = pieces(after.partition("?")[0], ";")
    found = _HOST.fullmatch(place) if len(place) <= MAX_HOST else None
    if found is None or (at and not before):
        raise ValueError(f"{place[:40]!r} is no host")
    if "?" in after and not headers:
        raise ValueError("an address with headers is not called")
    user, colon, password = before.partition(":")
    return URI(
        scheme,
        found[1],
        unquote(user) if at else None,
        unquote(password) if colon else None,
        int(found[2]) if found[2] else None,
        _parameters(parameters),
    )


def read_address(text: str) -> Address:
    """A name-addr or addr-spec with its parameters, without its name; raises ValueError."""
    uri, parameters = _parts(text)
    return Address(read_uri(uri), "", _parameters(pieces(parameters, ";")))


def tag(text: str) -> str:
    """The tag of a From or To as it is written, "" where it has none."""
    for piece in pieces(_parts(text)[1], ";"):
        name, _, value = piece.partition("=")
        if name.strip().lower() == "tag":
            return value.strip()
    return ""


def to_tag(message: Message) -> str:
    """The tag in the To of a message."""
    return tag(message.headers.get("To") or "")


def from_tag(message: Message) -> str:
    """The tag in the From of a message."""
    return tag(message.headers.get("From") or "")


def sendable(text: str) -> str:
    """An address to the letter, but without a name that must not be sent so (section 25.1)."""
    at = _bracket(text)
    return text if at < 0 or _PLAIN_NAME.fullmatch(text[:at]) else text[at:]


def contacts(message: Message) -> list[Address]:
    """Every Contact that can be read."""
    found = []
    written = [one for line in message.headers.getlist("Contact") for one in pieces(line, ",")]
    for piece in written[:MAX_CONTACTS]:
        try:
            found.append(read_address(piece))
        except ValueError:
            continue
    return found


def top_via(message: Message) -> Via:
    """The topmost Via; raises ValueError."""
    lines = message.headers.getlist("Via")
    first, *others = pieces(lines[0], ",") if lines else [""]
    sent_by, *parameters = pieces(first, ";")
    match = _VIA.fullmatch(sent_by)
    if match is None or not all((*others, *parameters)):
        raise ValueError(f"Via {first[:40]!r} cannot be read")
    host, colon, port = match[2].rpartition(":") if match[2][-1] != "]" else (match[2], "", "")
    if colon and port.isascii() and port.isdigit():
        return Via(match[1], host, int(port[:5]), _parameters(parameters))
    number = int(match[3][:5]) if match[3] else None
    return Via(match[1], match[2], number, _parameters(parameters))


def branch_of(message: Message) -> str:
    """The branch of the topmost Via, "" where it has none."""
    return top_via(message).parameters.get("branch") or ""


def read_cseq(text: str) -> CSeq:
    """A CSeq, also without the blank in it; raises ValueError."""
    match = _CSEQ.fullmatch(text.strip())
    if match is None or int(match[1]) >= 2**31:
        raise ValueError(f"CSeq {text[:40]!r} cannot be read")
    return CSeq(int(match[1]), match[2])


def printable(text: str) -> str:
    """The text with a replacement character for each byte that was no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parts(text: str) -> tuple[str, str]:
    """The address and the parameters of a name-addr or addr-spec, as written."""
    bracket = _bracket(text)
    if bracket < 0:
        uri, _, parameters = text.partition(";")
        return uri.strip(), parameters
    uri, _, parameters = text[bracket + 1 :].partition(">")
    return uri.strip(), parameters.lstrip().removeprefix(";")


def _bracket(text: str) -> int:
    """Where the address begins; a quotation mark that nobody closed hides it from nobody."""
    quoted = escaped = False
    for at, sign in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = sign == "\\", sign != '"'
        elif sign == '"':
            quoted = True
        elif sign == "<":
            return at
    return text.find("<")


def _parameters(parts: list[str]) -> Parameters:
    found: dict[str, str | None] = {}
    for part in parts:
        name, equals, value = (word.strip() for word in printable(part).partition("="))
        if name and name != "self":  # the library's own argument
            found[unquote(name)] = unquote(value) if equals else None
    return Parameters(**{name: value for name, value in found.items() if name != "self"})
