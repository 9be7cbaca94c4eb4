"""Finds the parts of a message's body (RFC 5621): an MCU may send its description among others."""

import re
from collections.abc import Iterator

MAX_PARTS = 16
MAX_DEPTH = 3
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_FIRST_LINE = re.compile(rb"\s*--([^\r\n]{1,70}?)[ \t]*\r?\n")
_KIND = re.compile(
    rb"^(?:content-type|c)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(rb"(?:^|\r?\n)\r?\n")


def parts(content_type: str, body: bytes, depth: int = MAX_DEPTH) -> Iterator[tuple[str, bytes]]:
    """The media type, lower case without parameters, and the bytes of every part that is whole.

    A body that is no multipart is its only part. A boundary that the header does not name is read
    off the first line.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not kind.startswith("multipart/"):
        yield kind, body
        return
    named = _BOUNDARY.search(content_type)
    first = _FIRST_LINE.match(body)
    boundary = first[1] if first else b""
    if named is not None:
        boundary = (named[1] or named[2]).encode("utf-8", "surrogateescape")
    if not boundary or not depth:
        return
    line = rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?=\r?\n|$)"
    for piece in re.split(line, body, maxsplit=MAX_PARTS)[1:]:
        head, content = _cut(re.sub(rb"^\r?\n", b"", piece, count=1))
        found = _KIND.search(head)
        inner = b" ".join(found[1].split()).decode("utf-8", "surrogateescape") if found else ""
        yield from parts(inner, content, depth - 1)


def _cut(piece: bytes) -> tuple[bytes, bytes]:
    """The headers and the content of a part, which may have no headers at all."""
    blank = _BLANK_LINE.search(piece)
    return (piece[: blank.start()], piece[blank.end() :]) if blank else (piece, b"")
