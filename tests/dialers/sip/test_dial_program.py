"""``diemcau dial`` with a site file into an Asterisk's conference, as a province would try it."""

from pathlib import Path

import pytest

from tests.code_picture import GUEST, SITE
from tests.dialers.sip.conftest import Server
from tests.dialers.sip.facing import there_is
from tests.dialers.sip.programs import site_file, start, two_calls
from tests.peers.sip.asterisk_files import ROOM

SECONDS = 15.0

pytestmark = pytest.mark.timeout(300)


async def test_two_sites_by_different_ways_in_one_conference(
    server: Server, tmp_path: Path
) -> None:
    ways = (
        (server.address(ROOM, "udp"), "plain-md5"),
        (server.address(ROOM, "tls"), "encrypted-sha256"),
    )
    one, other = two_calls(server, tmp_path, ways, SECONDS)
    for result, far in ((one, GUEST), (other, SITE)):
        said = result.said
        assert (result.code, said["ok"], said["ended"]) == (0, True, "ours"), result
        assert (said["audio"]["codec"], said["video"]["codec"]) == ("G722", "H264")
        assert said["video"]["sent_frames"] > 30
        assert said["audio"]["received_s"] > 1
        assert len(result.seen.get(far, [])) > 10, result.seen
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    counted = server.asterisk.counted()[-4:]
    assert {(c.endpoint, c.kind) for c in counted} == {
        (user, kind) for _, user in ways for kind in ("audio", "video")
    }
    assert all(c.received > 25 and c.sent > 25 for c in counted), counted


def test_a_refusal_is_said_in_one_line(server: Server, tmp_path: Path) -> None:
    file = site_file(tmp_path, server, "plain-md5", name="Xã Ia Kly")
    (tmp_path / "password").write_text("kem-bi-mat\n")
    words = ("--site", str(file))
    process = start(tmp_path, server.address(ROOM, "tls"), *words, who=SITE, hertz=440.0)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert '"reason": "unauthorised"' in out
    assert "password" in out
    assert "kem-bi-mat" not in out + (tmp_path / "log").read_text()
