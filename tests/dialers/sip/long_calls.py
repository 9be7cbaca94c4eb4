"""Long calls to real far ends, not part of `make test`: `make calls` prints a line for each.

Every way into a conference of an Asterisk (transport, encryption, digest) by two programs for 20 s;
then a call to Asterisk that is long enough for two refreshes of the shortest session, and the same
length to a baresip.
"""

import json
from pathlib import Path

import pytest

from tests.code_picture import GUEST, SITE, write_recording
from tests.code_sound import GUEST_HERTZ, SITE_HERTZ, write_beeps
from tests.dialers.sip.conftest import Server
from tests.dialers.sip.facing import there_is
from tests.dialers.sip.programs import Result, ended, site_file, start, two_calls
from tests.peers.sip import asterisk_files as there
from tests.peers.sip.asterisk_files import ENCRYPTED, PLAIN, ROOM
from tests.peers.sip.baresip import baresip

SECONDS = 20.0
LONG_S = 2.2 * there.SESSION_S / 2 + 10
"""Two refreshes, each at half of the interval, and some time after."""

pytestmark = pytest.mark.timeout(600)


def tell(what: str, **said: object) -> None:
    print(f"\n{what}: {json.dumps(said, ensure_ascii=False)}", flush=True)  # noqa: T201


def figures(result: Result, far: int) -> dict[str, object]:
    video, audio = result.said["video"], result.said["audio"]
    return {
        "connected_s": result.said["connected_s"],
        "first_picture_s": result.said["first_picture_s"],
        "pictures_sent": video["sent_frames"],
        "pictures_received": video["received_frames"],
        "of_the_other": len(set(result.seen.get(far, []))),
        "sound_received_s": audio["received_s"],
        "lost_packets": video["lost_packets"] + audio["lost_packets"],
        "rtt_ms": result.said["rtt_ms"],
    }


@pytest.mark.parametrize("digest", there.DIGESTS)
@pytest.mark.parametrize("kind", [PLAIN, ENCRYPTED])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_every_way(
    server: Server, tmp_path: Path, transport: str, kind: str, digest: str
) -> None:
    way = (server.address(ROOM, transport), f"{kind}-{digest}")
    results = two_calls(server, tmp_path, (way, way), SECONDS)
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    counted = server.asterisk.counted()[-4:]
    for result, far in zip(results, (GUEST, SITE), strict=True):
        tell(f"{transport} {kind} {digest}", **figures(result, far))
        assert result.said["ok"], result
        assert (result.code, result.said["ended"]) == (0, "ours")
        assert (result.said["audio"]["codec"], result.said["video"]["codec"]) == ("G722", "H264")
        assert len(set(result.seen.get(far, []))) > 100
    for one in counted:
        tell(
            f"{transport} {kind} {digest}: Asterisk", kind=one.kind, got=one.received, gave=one.sent
        )
        assert one.received > 500
        assert one.sent > 500


def test_the_session_is_refreshed(server: Server, tmp_path: Path) -> None:
    file = site_file(tmp_path, server, "encrypted-sha256", name="Xã Ia Kly")
    server.asterisk.ask("pjsip set logger on")
    words = ("--site", str(file), "--seconds", str(LONG_S))
    process = start(
        tmp_path, server.address(there.MIRROR, "tls"), *words, who=SITE, hertz=SITE_HERTZ
    )
    result = ended(process, tmp_path, LONG_S)
    server.asterisk.ask("pjsip set logger off")
    refreshes = result.log.count("session refreshed")
    tell("session of 90 s", seconds=LONG_S, refreshes=refreshes, **figures(result, SITE))
    assert result.said["ok"], result
    assert result.said["ended"] == "ours"
    assert refreshes >= 2
    heard = server.asterisk.log.read_text(errors="replace")
    assert heard.count("Session-Expires: 90") >= 2


def test_a_baresip(server: Server, tmp_path: Path) -> None:
    sound = write_beeps(tmp_path / "sound.wav", GUEST_HERTZ)
    picture = write_recording(tmp_path / "picture.mp4", GUEST)
    for encryption in ("off", "required"):
        folder = tmp_path / encryption
        (folder / "etc").mkdir(parents=True)
        with baresip(
            folder / "etc", sound=sound, picture=picture, encrypted=encryption == "required"
        ) as far:
            for transport in ("udp", "tcp"):
                own = folder / transport
                own.mkdir()
                user = ENCRYPTED if encryption == "required" else PLAIN
                file = site_file(own, server, user, name="Xã Ia Kly")
                words = ("--site", str(file), "--seconds", str(SECONDS))
                address = far.address(transport)
                process = start(own, address, *words, who=SITE, hertz=SITE_HERTZ)
                result = ended(process, own, SECONDS)
                tell(f"baresip {transport} {encryption}", **figures(result, GUEST))
                assert result.said["ok"], result
                assert result.said["ended"] == "ours"
                assert len(set(result.seen.get(GUEST, []))) > 50
            counted = far.said(r"packets:\s+(\d+)\s+(\d+)")
            tell(f"baresip's own count, {encryption}", sent_and_received=counted)
            assert all(int(both) > 500 for line in counted for both in line)
