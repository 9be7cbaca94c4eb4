"""A card of the province's own making, in the very disk image: it joins, and nobody typed anything.

The quick form without an emulator is `tests/e2e/test_prepared_card.py`.
"""

import asyncio
from pathlib import Path

import pytest

from tests.code_picture import SITE as OURS
from tests.code_picture import write_recording
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import on_card, prepare, with_data
from tests.peers.sip.asterisk_files import PIN
from tests.prepared_card import COMMUNES, HELP, NAME, NUMBER, PASSWORD, a_prepared_card
from tests.process.waiting import until

RUN = BUILD / "prepared-card"
HOST = "10.0.2.2"
"""This machine, as a guest of QEMU's user network reaches it."""

pytestmark = pytest.mark.timeout(2 * PATIENCE)


def put_on_card(card: Path, files: dict[str, bytes]) -> None:
    """Copy the files onto the card's FAT partition, as a PC does."""
    folder = card.parent
    for name, content in files.items():
        (folder / name).write_bytes(content)
        source = (folder / name).relative_to(ROOT)
        in_tools("mcopy", "-o", "-i", f"{card.relative_to(ROOT)}@@4M", str(source), f"::{name}")


async def test_a_card_of_135_starts_and_joins(tmp_path: Path) -> None:
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    camera = write_recording(card.parent / "camera.mp4", OURS, frames=300, fps=5, size=(320, 180))
    with_data(card, camera)
    async with a_prepared_card(tmp_path, HOST, "/data/camera.mp4") as prepared:
        assert prepared.folders == COMMUNES
        prepare(card, None)
        put_on_card(card, prepared.files)
        with Machine(
            card, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="
        ) as guest:

            def state() -> str:
                said = guest.ask("journalctl -b -n 60 --no-pager -u 'diemcau*'")
                return f"{said}\n{prepared.conference.log.read_text(errors='replace')[-2000:]}"

            await prepared.let_in(PATIENCE)
            await until("it is in the meeting's conference", lambda: prepared.inside == [NUMBER],
                        within=PATIENCE, else_say=state)  # fmt: skip
            assert NUMBER in prepared.registered
            await until("the province hears of it",
                        lambda: prepared.status().phase == "in meeting",
                        within=PATIENCE, else_say=state)  # fmt: skip
            journal = await asyncio.to_thread(guest.ask, "journalctl -b --no-pager | tail -n 3000")
            facts = await asyncio.to_thread(guest.ask, "cat /run/diemcau/*.json")
            modes = await asyncio.to_thread(
                guest.ask, "stat -c '%a %U %G' /data/site/ca.pem /data/site/secrets/sip-password"
            )
        result = on_card(card, "RESULT.txt")
        assert "ĐÃ NHẬN" in result
        assert NAME in result
        assert HELP in on_card(card, "site.toml")
        assert modes.split("\n") == ["640 root diemcau"] * 2
        for secret in (PASSWORD, f"{PIN}#", f'"{PIN}"'):
            assert secret not in journal + facts + result + on_card(card, "site.toml")
