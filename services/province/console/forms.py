"""Reads the form of a request: within bounds of size, number and time, and in UTF-8 alone.

The sender chooses nothing about how it is read: a form that named ``charset=punycode`` once kept
the whole program busy for 38 seconds. Files are taken only where a page asks for one (RFC 7578).
"""

import asyncio
import io
import re
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from appliance.core.message import N_
from services.province.errors import TooLargeError, WrongInputError
from services.province.importing.table import MAX_FILE_BYTES

MAX_FIELDS = 4000
"""A meeting may name each of some thousand branches by itself."""
MAX_FORM_BYTES = 128 * 1024
"""Of so many branches, with all other fields."""
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + MAX_FORM_BYTES
MAX_FILES = 1
MAX_PART_HEADERS, MAX_PART_HEADER_BYTES = 8, 2048
FORM_TIMEOUT_S, UPLOAD_TIMEOUT_S = 20.0, 120.0
"""For the whole body: who sends a byte a second holds nothing for long."""
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?\s*([^\s\";]*)", re.IGNORECASE)
_WRONG = N_("This form cannot be read.")


async def read_form(
    request: Request, *, max_bytes: int = MAX_FORM_BYTES, files: bool = False
) -> FormData:
    """The fields, and with `files` an uploaded file.

    Raises `TooLargeError`, and `WrongInputError` for one that cannot be read or is of another kind
    than is taken here.
    """
    header = request.headers.get("content-type", "")
    kind = header.partition(";")[0].strip().lower()
    charset = _CHARSET.search(header)
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        raise WrongInputError(_WRONG)
    if kind == MULTIPART and files:
        body = await _body(request, MAX_UPLOAD_BYTES, UPLOAD_TIMEOUT_S)
        return await run_in_threadpool(_multipart, header, body)
    if kind not in (URLENCODED, ""):
        raise WrongInputError(_WRONG)
    return _urlencoded(await _body(request, max_bytes, FORM_TIMEOUT_S))


async def _body(request: Request, max_bytes: int, within_s: float) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > max_bytes:
        raise TooLargeError(N_("The form is too large."))
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                body += part
                if len(body) > max_bytes:
                    raise TooLargeError(N_("The form is too large."))
    except TimeoutError:
        raise WrongInputError(_WRONG) from None
    return bytes(body)


def _urlencoded(body: bytes) -> FormData:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding="utf-8",
            errors="strict",
        )  # fmt: skip
    except ValueError:
        raise WrongInputError(_WRONG) from None
    return FormData([(name, value) for name, value in pairs])


def _multipart(header: str, body: bytes) -> FormData:
    _, options = parse_options_header(header)
    parts = _Parts()
    try:
        parser = MultipartParser(
            options.get(b"boundary", b""), parts.callbacks,
            max_header_count=MAX_PART_HEADERS, max_header_size=MAX_PART_HEADER_BYTES,
        )  # fmt: skip
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise WrongInputError(_WRONG) from None
    if not parts.ended:
        raise WrongInputError(_WRONG)
    return FormData(parts.items)


class _Parts:
    """The parts of one body, as the parser finds them; ValueError for one that is not taken."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str | UploadFile]] = []
        self.callbacks: Any = {
            "on_part_begin": self._on_part_begin,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_end": self._on_end,
        }
        self.ended = False
        self._files = 0
        self._on_part_begin()

    def _on_part_begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value, self._data = b"", b"", bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _on_part_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name, filename = options.get(b"name"), options.get(b"filename")
        if name is None or len(self.items) >= MAX_FIELDS:
            raise ValueError("a part without a name, or too many")
        if filename is None:
            if len(self._data) > MAX_FORM_BYTES:
                raise ValueError("a field that is too large")
            self.items.append((name.decode(), self._data.decode()))
            return
        self._files += 1
        if self._files > MAX_FILES:
            raise ValueError("too many files")
        file = io.BytesIO(self._data)
        self.items.append(
            (name.decode(), UploadFile(file, size=len(self._data), filename=filename.decode()))
        )

    def _on_end(self) -> None:
        self.ended = True
