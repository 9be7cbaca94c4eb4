"""``diemcau dial`` with a site file into an Asterisk's conference, as a province would try it."""

from pathlib import Path

import pytest

from appliance.base.config import SipChoices
from appliance.dialers.sip.dialer import SipDialer
from tests.code_picture import GUEST
from tests.dialers.sip.calls.programs import dial, guest, site_file
from tests.dialers.sip.calls.server import Server
from tests.dialers.sip.media_pair import there_is
from tests.peers.sip.asterisk_files import OPEN, ROOM

SECONDS = 8.0
USER = "encrypted-sha256"

pytestmark = pytest.mark.timeout(300)


async def test_a_site_meets_a_guest_who_came_by_another_way(server: Server, tmp_path: Path) -> None:
    plain = SipDialer(choices=SipChoices(user=OPEN, encryption="off"))
    site = site_file(tmp_path, server, USER)
    async with guest(plain, server.address(ROOM, "udp")) as other:
        result = await dial(tmp_path, server.address(ROOM, "tls"), site, SECONDS)
        assert len(other.seen) > 10
    said = result.said
    assert (result.code, said["ok"], said["ended"]) == (0, True, "ours"), result
    assert (said["audio"]["codec"], said["video"]["codec"]) == ("G722", "H264")
    assert said["video"]["sent_frames"] > 10
    assert said["audio"]["received_s"] > 1
    assert len(result.seen.get(GUEST, ())) > 10, result.seen
    await there_is(lambda: not server.asterisk.calls(), "that Asterisk has nobody any more")
    counted = server.asterisk.counted()[-4:]
    assert sorted((one.endpoint, one.kind) for one in counted) == [
        (user, kind) for user in (USER, OPEN) for kind in ("audio", "video")
    ]
    assert all(one.received > 25 and one.sent > 25 for one in counted), counted


async def test_a_refusal_is_said_in_one_line(server: Server, tmp_path: Path) -> None:
    site = site_file(tmp_path, server, "plain-md5", password="kem-bi-mat")
    result = await dial(tmp_path, server.address(ROOM, "tls"), site, SECONDS)
    assert (result.code, result.said["reason"]) == (1, "unauthorised")
    assert "password" in result.said["detail"]
    assert len(result.said["detail"].splitlines()) == 1
    assert "kem-bi-mat" not in f"{result.said}{result.log}"
