"""Long calls to real far ends, not part of `make test`: `make calls` prints a line for each.

``diemcau dial`` for 20 s by every way into a conference of an Asterisk (transport, encryption,
digest), where a guest is already; a call that is long enough for two refreshes of the shortest
session; and calls to a baresip.
"""

import json
from pathlib import Path

import pytest

from appliance.base.config import SipChoices
from appliance.dialers.sip.dialer import SipDialer
from tests.code_picture import GUEST, SITE, write_recording
from tests.code_sound import GUEST_HERTZ, write_beeps
from tests.dialers.sip.calls.programs import dial, guest, site_file
from tests.dialers.sip.calls.server import Server
from tests.dialers.sip.media_pair import there_is
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk_files import ENCRYPTED, OPEN, PLAIN, ROOM
from tests.peers.sip.baresip import LASTS_S, baresip

SECONDS = 20.0
LONG_S = there.SESSION_S + 20.0
"""Two refreshes, each at half of the interval, and some time after."""

pytestmark = pytest.mark.timeout(600)


def tell(what: str, **said: object) -> None:
    print(f"\n{what}: {json.dumps(said, ensure_ascii=False)}", flush=True)  # noqa: T201


@pytest.mark.parametrize("digest", there.DIGESTS)
@pytest.mark.parametrize("kind", [PLAIN, ENCRYPTED])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_every_way(
    server: Server, tmp_path: Path, transport: str, kind: str, digest: str
) -> None:
    user = f"{kind}-{digest}"
    site = site_file(tmp_path, server, user)
    plain = SipDialer(choices=SipChoices(user=OPEN, encryption="off"))
    async with guest(plain, server.address(ROOM, "udp")) as other:
        result = await dial(tmp_path, server.address(ROOM, transport), site, SECONDS)
        shown = len(other.seen)
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    counted = [one for one in server.asterisk.counted()[-4:] if one.endpoint == user]
    tell(
        f"{transport} {user}",
        **result.figures,
        different_at_the_guest=shown,
        **{f"asterisk_{one.kind}": f"{one.received} in, {one.sent} out" for one in counted},
    )
    assert (result.code, result.said["ok"], result.said["ended"]) == (0, True, "ours"), result
    assert (result.said["audio"]["codec"], result.said["video"]["codec"]) == ("G722", "H264")
    assert min(shown, len(result.seen.get(GUEST, ()))) > 25
    assert len(counted) == 2
    assert all(min(one.received, one.sent) > 200 for one in counted)


async def test_the_session_is_refreshed(server: Server, tmp_path: Path) -> None:
    site = site_file(tmp_path, server, "encrypted-sha256")
    server.asterisk.ask("pjsip set logger on")
    result = await dial(tmp_path, server.address(there.MIRROR, "tls"), site, LONG_S)
    server.asterisk.ask("pjsip set logger off")
    refreshes = result.log.count("session refreshed")
    tell("a session of 90 s", seconds=LONG_S, refreshes=refreshes, **result.figures)
    assert (result.said["ok"], result.said["ended"]) == (True, "ours"), result
    assert refreshes >= 2
    assert len(result.seen[SITE]) > 100  # the mirror's
    heard = server.asterisk.log.read_text(errors="replace")
    assert heard.count("Session-Expires: 90") >= 2 * refreshes  # asked and answered


@pytest.mark.parametrize("encryption", ["off", "required"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_baresip(server: Server, tmp_path: Path, transport: str, encryption: str) -> None:
    sound = write_beeps(tmp_path / "sound.wav", GUEST_HERTZ, seconds=LASTS_S)
    picture = write_recording(tmp_path / "picture.mp4", GUEST, frames=600)
    encrypted = encryption == "required"
    (tmp_path / "etc").mkdir()
    with baresip(tmp_path / "etc", sound=sound, picture=picture, encrypted=encrypted) as far:
        site = site_file(tmp_path, server, ENCRYPTED if encrypted else PLAIN)
        result = await dial(tmp_path, far.address(transport), site, SECONDS)
        counted = far.said(r"packets:\s+(\d+)\s+(\d+)")
    tell(f"baresip {transport} {encryption}", **result.figures, baresip_out_and_in=counted)
    assert (result.said["ok"], result.said["ended"]) == (True, "ours"), result
    assert len(result.seen[GUEST]) > 50
    assert len(counted) == 2
    assert all(int(both) > 150 for line in counted for both in line)
