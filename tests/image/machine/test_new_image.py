"""What `make image` wrote, as bytes: no machine runs."""

import re
import subprocess

import pytest

from appliance.base.site_file import parse_site
from services.bringup.program import AGENDA
from services.provisioning.second_copy import MAX_COPY_BYTES, SECOND_COPY_OFFSETS
from services.provisioning.second_copy_disk import read
from services.slots.header import SECTOR_BYTES
from services.slots.state import COPY_OFFSETS
from tests.image.machine.guest.bundles import header
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, in_tools
from tests.image.machine.guest.questions import on_card

FIRST_PARTITION = CHUNK = 4 * 2**20
BOOT_BYTES = 64 * 2**20


@pytest.mark.parametrize("flavour", ["rpi", "rpi5", "virt"])
def test_an_image_overwrites_the_second_copy_of_the_box_whose_card_it_takes(flavour: str) -> None:
    """It is written whole, so what is zero in the file is zero on the card: a new box."""
    image = BUILD / f"diemcau-{flavour}.img"
    with image.open("rb") as file:
        gap = file.read(FIRST_PARTITION)
    assert len(gap) == FIRST_PARTITION
    assert {gap[place : place + MAX_COPY_BYTES] for place in SECOND_COPY_OFFSETS} == {
        bytes(MAX_COPY_BYTES)
    }
    assert gap[COPY_OFFSETS[0] :][:4] != bytes(4), "the gap is not that of a card"
    assert read(image) is None


def test_a_bring_up_card_is_the_shipped_one_but_for_two_files() -> None:
    """What is tried is what ships: the boot partition has a word for the kernel and a site file."""
    subprocess.run([ROOT / "image/bring-up", "virt"], cwd=ROOT, check=True, timeout=PATIENCE)
    shipped, card = BUILD / "diemcau-virt.img", BUILD / "diemcau-bringup-virt.img"
    boot = range(FIRST_PARTITION, FIRST_PARTITION + BOOT_BYTES)
    with shipped.open("rb") as one, card.open("rb") as other:
        while part := one.read(CHUNK):
            place = one.tell() - len(part)
            assert other.read(CHUNK) == part or place in boot, f"differs at {place}"
        assert other.read(1) == b""
    words = [on_card(image, "board.env").splitlines() for image in (shipped, card)]
    assert words[1] == [
        f"{line} diemcau.bringup" if line.startswith("board_args=") else line for line in words[0]
    ]
    site = parse_site(on_card(card, "site.toml").encode())
    assert site.agenda.url == f"/run/diemcau-bringup/{AGENDA}"


@pytest.mark.parametrize("name", ["slot.img", "slot-rpi5.img"])
def test_a_root_has_one_time_for_all_its_files(name: str) -> None:
    """Whenever and wherever it was built: one built beside a kernel of yesterday was another."""
    slot = BUILD / name
    sector = int(header(slot)["root_args"].split("=")[1].split(",")[0])
    place = ("-o", str(sector * SECTOR_BYTES), str(slot.relative_to(ROOT)))
    told = in_tools("unsquashfs", "-UTC", "-lls", *place).splitlines()
    dated = [found[0] for line in told if (found := re.search(r" \d{4}-\d\d-\d\d [\d:]+ ", line))]
    assert len(dated) > 10_000
    assert sorted(set(dated))[:3] == [" 2026-01-01 00:00 "]


def test_no_kernel_module_misses_another() -> None:
    """vc4 asks for its codec, softly: without it a Pi has no sound, nor a picture."""
    (modules,) = (BUILD / "root/usr/lib/modules").iterdir()
    there = {_name(file.name) for file in modules.rglob("*.ko*")}
    there |= {_name(line) for line in (modules / "modules.builtin").read_text().split()}
    built = {_name(line) for line in (modules / "modules.order").read_text().split()}
    asks = [line.split() for line in (modules / "modules.softdep").read_text().splitlines()]
    asked = {
        (words[1], wanted.replace("-", "_"))
        for words in asks
        if words[:1] == ["softdep"]
        for wanted in words[2:]
        if not wanted.endswith(":")
    }
    assert ("vc4", "snd_soc_hdmi_codec") in asked
    assert {pair for pair in asked if pair[1] in built - there} == set()


def _name(file: str) -> str:
    return file.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
