"""The agenda by an HTTP proxy: a real one of a few lines, and nothing beside it."""

import asyncio

from services.endpoint.agenda.feed_fetch import Mark, client, fetch

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:a\r\nEND:VCALENDAR\r\n"
NOWHERE = "http://agenda.tinh.example/ia-kly.ics"
"""A name that no resolver knows: only the proxy can bring it."""


async def test_the_agenda_comes_by_the_proxy_of_the_settings() -> None:
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().splitlines()[0])
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\nContent-Length: %d\r\n\r\n"
        writer.write(answer % len(CALENDAR) + CALENDAR)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client(proxy=f"http://127.0.0.1:{port}") as http:
        got = await fetch(NOWHERE, Mark(), http)
    assert got.body == CALENDAR
    assert asked == [f"GET {NOWHERE} HTTP/1.1"]
