"""A far end that speaks SIP over TCP, and spoils what it says."""

import asyncio
import contextlib
import re
from typing import Any

from tests.fuzz.hostile.mutations import Mutations

SDP = """v=0
o=rmx 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 41000 RTP/AVP 9 8 101
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=sendrecv
m=video 41002 RTP/AVP 109
a=rtpmap:109 H264/90000
a=fmtp:109 profile-level-id=42801f
""".replace("\n", "\r\n")
STATUSES = ("100 Trying", "180 Ringing", "200 OK", "200 OK", "200 OK", "302 Moved", "401 No",
            "486 Busy", "503 Later", "999 What", "2 OK")  # fmt: skip
COPIED = ("Via", "From", "To", "Call-ID", "CSeq")
OWN = "sip:mcu@127.0.0.1:{port};transport=tcp"


class HostileSip:
    """Answers every request, and sends requests of its own."""

    def __init__(self, mutations: Mutations, port: int) -> None:
        self._mutations = mutations
        self._random = mutations.random
        self._port = port

    @contextlib.asynccontextmanager
    async def listening(self) -> Any:
        """Until the end of the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        try:
            yield
        finally:
            for one in server.sockets:
                one.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
                length = re.search(r"(?im)^content-length:\s*(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith("SIP/2.0") or head.startswith("ACK"):
                    continue
                for _ in range(self._random.randint(1, 2)):
                    writer.write(self._mutations.text(self._answer(head)))
                    await asyncio.sleep(self._random.random())
                if self._random.random() < 0.4:
                    writer.write(self._mutations.text(self._request(head)))
                if self._random.random() < 0.05:
                    writer.close()
                    return

    def _answer(self, head: str) -> str:
        lines = [f"SIP/2.0 {self._random.choice(STATUSES)}"]
        for name in COPIED:
            found = re.findall(rf"(?im)^{name}:.*$", head)
            lines += [line.strip() for line in found]
        lines = [f"{one};tag=far" if one.startswith("To:") and "tag=" not in one else one
                 for one in lines]  # fmt: skip
        return self._message(lines)

    def _request(self, head: str) -> str:
        method = self._random.choice(("BYE", "INVITE", "UPDATE", "INFO", "OPTIONS", "NOTIFY"))
        call = re.search(r"(?im)^Call-ID:.*$", head)
        ours = re.search(r"(?im)^From:\s*(.*)$", head)
        lines = [
            f"{method} sip:site@127.0.0.1 SIP/2.0",
            "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK" + str(self._random.random()),
            f"From: <{OWN.format(port=self._port)}>;tag=far",
            f"To: {ours[1].strip() if ours else '<sip:site@127.0.0.1>'}",
            call[0].strip() if call else "Call-ID: 1",
            f"CSeq: {self._random.randrange(1, 9)} {method}",
        ]
        return self._message(lines)

    def _message(self, lines: list[str]) -> str:
        body = SDP if self._random.random() < 0.8 else ""
        lines += [f"Contact: <{OWN.format(port=self._port)}>", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/sdp"] if body else []
        return "\r\n".join(lines) + "\r\n\r\n" + body
