"""Checks every request and completes every answer: size of bodies, origin of forms, headers."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 12 * 1024 * 1024
"""A sheet of ten thousand sites is one megabyte."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class _TooLargeError(Exception):
    """The body is larger than `MAX_BODY_BYTES`."""


class SecurityHeaders:
    """ASGI middleware around the whole program."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        if scope["method"] not in SAFE and _from_elsewhere(headers):
            await self._refuse(403, "the form comes from another site", scope, receive, send)
        elif "\0" in scope["path"]:
            await self._refuse(400, "no address holds a zero byte", scope, receive, send)
        elif length.isdigit() and int(length) > MAX_BODY_BYTES:
            await self._refuse(413, "the upload is too large", scope, receive, send)
        else:
            await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        received, begun = 0, False

        async def bounded_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise _TooLargeError
            return message

        async def secured_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._add_headers(message)
            await send(message)

        try:
            await self._app(scope, bounded_receive, secured_send)
        except _TooLargeError:
            if not begun:
                await self._refuse(413, "the upload is too large", scope, receive, send)

    async def _refuse(
        self, status: int, why: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def secured_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(message)
            await send(message)

        await PlainTextResponse(why, status)(scope, receive, secured_send)

    def _add_headers(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _from_elsewhere(headers: Headers) -> bool:
    """Whether the browser says that another site made this request (Fetch Metadata, Origin)."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host", "")
    except ValueError:  # "http://[" is the origin of nobody
        return True
