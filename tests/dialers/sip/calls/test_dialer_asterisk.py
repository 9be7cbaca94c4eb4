"""The whole dialer into conferences of a real Asterisk 22, counted and asked at both ends."""

import asyncio
import contextlib
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.base.config import SipChoices
from appliance.core.redial import BACKOFFS
from appliance.dialers.api import Call, EndReason
from appliance.dialers.sip.dialer import SipDialer
from appliance.wire.conference_codes import ConferenceCodes
from appliance.wire.meeting import Meeting
from services.endpoint.call.call_keeper import CallKeeper
from tests.dialers.sip.calls.server import Server
from tests.dialers.sip.media_pair import there_is
from tests.dialers.sites import near, site, until
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk_files import ENCRYPTED, OPEN, PASSWORD, PLAIN, ROOM

pytestmark = pytest.mark.timeout(240)  # the machine may be busy with other people's calls


def choices(folder: Path, user: str, password: str = PASSWORD, encryption: str = "") -> SipChoices:
    secret = folder / "password"
    secret.write_text(f"{password}\n")
    encryption = encryption or ("required" if user.startswith(ENCRYPTED) else "off")
    return SipChoices(user=user, password_file=str(secret), encryption=encryption)


@pytest.mark.parametrize("digest", there.DIGESTS)
@pytest.mark.parametrize("kind", [PLAIN, ENCRYPTED])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_two_sites_in_a_conference(
    server: Server, tmp_path: Path, transport: str, kind: str, digest: str
) -> None:
    user = f"{kind}-{digest}"
    dialer = SipDialer(server.trust, choices=choices(tmp_path, user))
    async with contextlib.AsyncExitStack() as stack:
        sites = []
        for number in (1, 2):
            sites.append(await site(dialer, server.address(ROOM, transport), number))
            stack.push_async_callback(sites[-1].leave)
        first, second = sites
        await until(lambda: first.hears() == {2} and second.hears() == {1}, "each other's sound")
        await until(lambda: first.sees == 2 and second.sees == 1, "each other's picture")
        guests = [guest.endpoint for guest in server.asterisk.participants()]
        assert guests == [user, user]
        await until(
            lambda: all(one.call.statistics().video.sent_frames > 30 for one in sites),
            "thirty pictures sent by each",
        )
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    for one in sites:
        assert one.call.ended is EndReason.OURS
        statistics = one.call.statistics()
        assert statistics.flowed
        assert (statistics.audio.codec, statistics.video.codec) == ("G722", "H264")
        assert (statistics.video.width, statistics.video.height) == (640, 360)
    # Counted by the far end too. How much it lost depends on when the machine gave it a turn.
    counted = server.asterisk.counted()[-4:]
    assert sorted(one.kind for one in counted) == ["audio", "audio", "video", "video"]
    for stream in counted:
        assert stream.endpoint == user
        assert stream.received > 25, stream
        assert stream.sent > 25, stream


@pytest.mark.real_time
async def test_hand_and_microphone_by_keys(server: Server, tmp_path: Path) -> None:
    """Asterisk's ``*6`` mutes and opens in turn; a Polycom has ``#6`` for the second."""
    keys = replace(choices(tmp_path, f"{ENCRYPTED}-md5"), mic_off="*6", mic_on="*6")
    one = await site(SipDialer(server.trust, choices=keys), server.address(ROOM, "tls"), 1)

    def muted() -> list[bool]:
        return [guest.muted for guest in server.asterisk.participants()]

    await there_is(lambda: muted() == [False], "that we are in")
    for live in (False, True):
        # Keys that come while it takes us in, or says that we are muted, are not the menu's.
        sent = one.call.statistics().audio.sent_s
        await until(
            lambda sent=sent: one.call.statistics().audio.sent_s > sent + 3,  # type: ignore[misc]
            "three seconds of sound",
        )
        await one.call.set_mic(live)
        await there_is(lambda live=live: muted() == [not live], f"microphone live: {live}")  # type: ignore[misc]
    await one.call.set_hand(True)
    assert one.call.floor.hand_confirmed
    assert not muted()[0]
    await one.leave()


@pytest.mark.parametrize("conference", ["", "{queue}##{id}##{pin}"])
async def test_a_meeting_s_own_conference(
    server: Server, tmp_path: Path, conference: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By keys at the entry queue, and as a part of what is called; the PIN is told to nobody."""
    caplog.set_level(logging.DEBUG)
    said = replace(choices(tmp_path, f"{ENCRYPTED}-md5"), conference=conference)
    dialer = SipDialer(server.trust, choices=said)
    for pin in (there.PIN, f"{there.PIN[1:]}7"):
        codes = ConferenceCodes(str(ROOM), pin)
        address = server.address(there.LOBBY, "tls")
        one = await site(dialer, address, 1, codes=codes)
        if pin == there.PIN:
            await there_is(lambda: len(server.asterisk.participants()) == 1, "that we are in")
            assert one.call.ended is None
        else:
            await until(lambda: one.call.ended is not None, "that it lets us go")  # noqa: B023
            assert one.call.ended is EndReason.FAR_END
        await one.leave()
        assert pin not in caplog.text + one.call.detail


REFUSALS = {
    "a wrong password": (ROOM, f"{PLAIN}-md5", "wrong", "off", EndReason.UNAUTHORISED, "password"),
    "no password": (ROOM, f"{PLAIN}-sha256", "", "off", EndReason.UNAUTHORISED, "password"),
    "an unknown conference": (there.NOBODY, OPEN, "", "off", EndReason.REFUSED, "no conference"),
    "a busy one": (there.BUSY, OPEN, "", "off", EndReason.BUSY, "is busy"),
    "one that declines": (there.DECLINED, OPEN, "", "off", EndReason.FORBIDDEN, "not let"),
    "one that nobody answers": (there.SILENT, OPEN, "", "off", EndReason.UNREACHABLE, "rings"),
    "encryption that is demanded": (
        *(ROOM, f"{ENCRYPTED}-md5", PASSWORD, "off"),
        *(EndReason.REFUSED, "encryption"),
    ),
    "encryption that is not had": (
        *(ROOM, f"{PLAIN}-md5", PASSWORD, "required"),
        *(EndReason.REFUSED, "encryption"),
    ),
    "an untrusted certificate": (ROOM, OPEN, "", "off", EndReason.UNTRUSTED, "certificate"),
}


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_is_one_line_and_dialled_again_at_its_pace(
    server: Server, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    number, user, password, encryption, reason, words = REFUSALS[what]
    trust = None if reason is EndReason.UNTRUSTED else server.trust
    # Where it rings for ever the whole time goes by; everything else is answered before.
    deadline_s = 8.0 if number == there.SILENT else 60.0
    said = choices(tmp_path, user, password, encryption=encryption)
    dialer = SipDialer(trust, deadline_s, said)

    async def dial(meeting: Meeting) -> Call:
        return await dialer.dial(meeting.address, near(1), name="Xã Ia Kly")

    caplog.set_level(logging.INFO, "diemcau.call")
    line = CallKeeper(dial, asyncio.Event(), seed="ia-kly", dial_deadline_s=90.0)
    line.want(Meeting("m1", "Giao ban", 0.0, 3600.0, server.address(number, "tls")))
    async with contextlib.AsyncExitStack() as stack:
        running = asyncio.create_task(line.run())
        stack.push_async_callback(asyncio.wait, [running], timeout=10)
        stack.callback(running.cancel)
        await until(lambda: line.tries > 0, "the refusal")
        assert line.ended is not None
        assert line.ended.reason is reason
        assert words in line.ended.detail
        assert len(line.ended.detail.splitlines()) == 1
        assert PASSWORD not in caplog.text
        found = re.findall(r"next try in ([0-9.]+) s", caplog.text)
        backoff = BACKOFFS[reason].first_s
        assert backoff / 2 <= float(found[0]) <= backoff
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
