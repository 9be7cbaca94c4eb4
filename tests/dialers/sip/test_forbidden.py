"""A site that is not let in (403): a room that is not open, or a password that is not taken."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sipmessage import Request

from appliance.base.config import SipChoices
from appliance.dialers.api import DialError, EndReason
from appliance.dialers.sip.dialer import SipDialer
from appliance.dialers.sip.signalling.message import parse, response, serialise
from appliance.dialers.sip.transport.framing import Framer
from tests.dialers.sites import near

CHALLENGE = 'Digest realm="mcu", nonce="1", algorithm=SHA-256, qop="auth"'


@asynccontextmanager
async def server(answers: dict[str, Sequence[int]]) -> AsyncIterator[int]:
    """A server that gives each method its answers, one after another; yields its port."""
    left = {method: list(codes) for method, codes in answers.items()}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(65536):
            for raw in framer.feed(data):
                message = parse(raw)
                if not isinstance(message, Request) or not left.get(message.method):
                    continue
                code = left[message.method].pop(0)
                answer = response(message, code, "mcu")
                if code == 401:
                    answer.headers.set("WWW-Authenticate", CHALLENGE)
                writer.write(serialise(answer))
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("registers", "answers", "reason"),
    [
        pytest.param(False, {"INVITE": [403]}, EndReason.FORBIDDEN, id="no password asked for"),
        pytest.param(False, {"INVITE": [401, 403]}, EndReason.UNAUTHORISED, id="password answered"),
        pytest.param(False, {"INVITE": [401, 401]}, EndReason.UNAUTHORISED, id="asked again"),
        pytest.param(
            True,
            {"REGISTER": [401, 200, 200], "INVITE": [401, 403]},
            EndReason.FORBIDDEN,
            id="password that the registrar took",
        ),
        pytest.param(True, {"REGISTER": [401, 403]}, EndReason.UNAUTHORISED, id="not registered"),
        pytest.param(True, {"REGISTER": [403]}, EndReason.UNAUTHORISED, id="no such account"),
    ],
)
async def test_what_a_403_says(
    tmp_path: Path, registers: bool, answers: dict[str, Sequence[int]], reason: EndReason
) -> None:
    (tmp_path / "password").write_text("xin-chao\n")
    async with server(answers) as port:
        choices = SipChoices(
            user="ia-kly",
            password_file=str(tmp_path / "password"),
            register=registers,
            registrar=f"sip:127.0.0.1:{port};transport=tcp" if registers else "",
        )
        address = f"sip:724999@127.0.0.1:{port};transport=tcp"
        with pytest.raises(DialError) as told:
            await SipDialer(choices=choices, deadline_s=3.0).dial(address, near(1), name="x")
    assert told.value.reason is reason
    assert "403" in told.value.detail or "401" in told.value.detail
