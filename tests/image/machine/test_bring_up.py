"""The bring-up card: the TV says what to do, each line of its file has its word, over restarts.

The card is made by the recipe's own step of the image for QEMU's board. What hands would do nobody
does here, so its steps pass by their time, two fifths of a real card's; the restart, the crash and
the hang are the card's own.
"""

import base64
import gzip
import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from services.bringup.check import Outcome
from services.bringup.checklist import CHECKS
from services.bringup.memory import FILE
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of
from tests.image.machine.guest.pictures import far
from tests.image.machine.guest.questions import drop_in, on_card, prepare, with_data

RUN = BUILD / "bring-up"
BOOTED = "diemcau: slot A version"
SMALL = """
[camera]
source = "none"
width = 320
height = 180
fps = 5

[microphone]
source = "none"

[call]
bitrate = 150000

[tv]
width = 640
height = 360
"""
"""The emulator is no match for 720p."""
SHORT = drop_in(
    "diemcau-bringup",
    "[Service]\nExecStart=\n"
    "ExecStart=/usr/bin/diemcau bring-up run --pace 0.4 --call 20 --restarts 1 --pulls 1\n",
)
SAME = 3.0
"""Mean difference of two pictures, of 255: the screen has the page's very bytes."""

pytestmark = pytest.mark.timeout(3 * PATIENCE)


@pytest.fixture(scope="module")
def card() -> Path:
    subprocess.run([ROOT / "image/bring-up", "virt"], cwd=ROOT, check=True, timeout=PATIENCE)
    card = copy_of(BUILD / "diemcau-bringup-virt.img", RUN)
    with_data(card)
    word = re.search(r"^board_args=.* (\S+)$", on_card(card, "board.env"), re.MULTILINE)
    assert word is not None
    site = on_card(card, "site.toml") + SMALL
    prepare(card, site, kernel_words=f"{word[1]} {SHORT}")
    return card


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    with Machine(
        card, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="
    ) as machine:
        yield machine


def drawn(guest: Machine) -> list[Image.Image]:
    """The pages that the guest has drawn last."""
    found: list[Image.Image] = []
    for number in (0, 1):
        file = f"/run/diemcau-bringup/page-{number}.ppm"
        told = guest.ask(f"[ ! -e {file} ] || busybox gzip -c {file} | base64 -w0")
        if told:
            content = gzip.decompress(base64.b64decode(told))
            found.append(Image.open(io.BytesIO(content)))
    return found


def test_the_tv_shows_what_to_do_and_what_was_found(guest: Machine) -> None:
    guest.ask("until [ -e /run/diemcau-bringup/page-1.ppm ]; do sleep 1; done")
    least = 255.0
    for _ in range(40):
        pages = drawn(guest)
        shown = guest.picture(RUN / "page.png")
        least = min([least, *(far(shown, page) for page in pages)])
        if least < SAME:
            break
    assert least < SAME, "see page.png"


def words_of(told: str, kept: Path) -> dict[int, str]:
    """The word of each line of the card's file; `kept` is where people look at it."""
    lines = told.removeprefix("\ufeff").splitlines()
    kept.write_text("\n".join(lines))
    rows = [line.split(" | ") for line in lines if line]
    assert [row[0] for row in rows] == [f"{check.number:02d}" for check in CHECKS]
    assert {row[1] for row in rows} <= {outcome.value for outcome in Outcome}
    return {int(row[0]): row[1] for row in rows}


def test_each_line_of_the_cards_file_has_its_word(guest: Machine) -> None:
    # Read-only beside the program's own mount is refused while that lasts.
    read = "mount -t vfat -o ro /dev/diemcau/boot /run/look && cat /run/look/BRINGUP.txt"
    # The first file is written before anything was asked, the next one after a round of questions.
    asked = "grep -q '^02 | FAIL' /run/told"
    told = guest.ask(
        f"mkdir -p /run/look; until ({read}) 2>/dev/null > /run/told && {asked};"
        " do umount /run/look 2>/dev/null; sleep 3; done; umount /run/look; cat /run/told"
    )
    words = words_of(told, RUN / "BRINGUP-first.txt")
    release, board, camera = 1, 2, 28
    assert words[release] == "PASS"
    assert words[board] == "FAIL", "no Raspberry Pi"
    assert words[camera] != "PASS", "there is none"


def test_the_box_is_in_its_own_meeting(guest: Machine) -> None:
    wanted = f"grep -q '\"calls\":1' /data/bringup/{FILE}"
    said = guest.ask(f"for i in $(seq 400); do {wanted} && echo GOT && break; sleep 1; done")
    assert said.endswith("GOT"), guest.ask("journalctl -b -n 60 --no-pager")
    guest.picture(RUN / "meeting.png")


def test_it_restarts_crashes_hangs_and_goes_on(guest: Machine) -> None:
    for starts in (2, 3, 4):
        guest.wait_for(BOOTED, count=starts)
        guest.hang_up()
    wanted = f"grep -q '\"starts\":4' /data/bringup/{FILE}"
    guest.ask(f"until {wanted}; do sleep 1; done")
    seen = guest.ask(f"cat /data/bringup/{FILE}")
    assert '"restarts":1' in seen
    assert '"hang":"started again"' in seen
    assert re.search(r'"panic":"[^"]+"', seen)
    assert guest.ask("systemctl is-active diemcau-bringup") in ("active", "activating")


def test_after_the_plug_was_pulled_the_card_has_it_all(guest: Machine, card: Path) -> None:
    # Two rounds of this start.
    guest.ask("sleep 60")
    guest.cut()
    words = words_of(on_card(card, "BRINGUP.txt"), RUN / "BRINGUP.txt")
    slot_check, failed_programs, watchdog, hang = 11, 10, 39, 42
    good = (slot_check, failed_programs, watchdog, hang)
    assert {number: words[number] for number in good} == dict.fromkeys(good, "PASS")
