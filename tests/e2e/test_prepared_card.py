"""A card that needs nothing else: from a sheet of 135 communes into the conference.

First boot, endpoint, health, province, broker and Asterisk are the real programs; what an image
adds is shown in `tests/image/machine/test_prepared_card.py`.
"""

import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.demo.virtual import VirtualTv
from services.provisioning.disk import find_in_force
from services.provisioning.first_boot_command import apply
from tests.code_picture import SITE as OURS
from tests.code_picture import write_recording
from tests.e2e.box_programs import box_program
from tests.peers.sip.asterisk_files import PIN
from tests.prepared_card import COMMUNES, NAME, NUMBER, PASSWORD, USER, a_prepared_card
from tests.process.waiting import until

pytestmark = pytest.mark.timeout(480)
WITHIN_S = 150.0


def first_boot(box: Path, files: dict[str, bytes]) -> None:
    """The files on the card, and its first start. The box's /data is a folder of the test's."""
    for name in ("boot", "data", "run"):
        (box / name).mkdir(parents=True)
    for name, content in files.items():
        (box / "boot" / name).write_bytes(content)
    apply(box / "boot", box / "data", os.getgid(), "10000000abcdef", run=box / "run")
    assert find_in_force(box / "data") is not None, (box / "boot/RESULT.txt").read_text()
    settings = box / "data/site/site.toml"
    settings.write_text(settings.read_text().replace('"/data/', f'"{box}/data/'))


async def test_from_the_sheet_into_the_conference(tmp_path: Path, tv: VirtualTv) -> None:
    camera = write_recording(tmp_path / "camera.mp4", OURS, frames=100, fps=5, size=(320, 180))
    box = tmp_path / "box"
    async with AsyncExitStack() as stack:
        card = await stack.enter_async_context(a_prepared_card(tmp_path, "127.0.0.1", str(camera)))
        assert card.folders == COMMUNES
        assert sorted(card.files) == ["ca.pem", "site.toml"]
        first_boot(box, card.files)
        assert PASSWORD.encode() not in (box / "boot/site.toml").read_bytes()
        assert "ĐÃ NHẬN" in (box / "boot/RESULT.txt").read_text("utf-8-sig")
        await stack.enter_async_context(box_program(box, "endpoint", **tv.environment))
        await stack.enter_async_context(box_program(box, "health"))

        def state() -> str:
            logs = [(box / f"{name}.log").read_text()[-2500:] for name in ("endpoint", "health")]
            return "\n".join([*logs, card.conference.log.read_text(errors="replace")[-1500:]])

        await card.let_in(WITHIN_S)
        await until("it is in the meeting's conference", lambda: card.inside == [NUMBER],
                    within=WITHIN_S, else_say=state)  # fmt: skip
        assert NUMBER in card.registered
        await until("the province hears of it", lambda: card.status().phase == "in meeting",
                    within=WITHIN_S, else_say=state)  # fmt: skip
        shown = await card.told()
        assert NAME in shown
        assert USER in shown
        logged = "".join((box / f"{name}.log").read_text() for name in ("endpoint", "health"))
        result = (box / "boot/RESULT.txt").read_text()
        for secret in (PASSWORD, PASSWORD.replace('"', "&#34;"), f'"{PIN}"', f">{PIN}<"):
            assert secret not in shown + logged + result
