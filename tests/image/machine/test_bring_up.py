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
        told = guest.ask(f"busybox gzip -c {file} | base64 -w0")
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


def test_the_card_says_of_each_line_what_became_of_it(guest: Machine, card: Path) -> None:
    # The file that is there when the plug is pulled, with what this start has asked.
    guest.ask("until journalctl -b -u diemcau-bringup | grep -q 'step'; do sleep 1; done; sleep 60")
    guest.cut()
    told = on_card(card, "BRINGUP.txt").removeprefix("\ufeff").splitlines()
    (RUN / "BRINGUP.txt").write_text("\n".join(told))
    rows = [line.split(" | ") for line in told]
    assert [row[0] for row in rows] == [f"{check.number:02d}" for check in CHECKS]
    assert {row[1] for row in rows} <= set(Outcome)
    words = {int(row[0]): row[1] for row in rows}
    release, slot_check, failed_programs, watchdog, hang = 1, 11, 10, 39, 42
    good = (release, slot_check, failed_programs, watchdog, hang)
    assert {number: words[number] for number in good} == dict.fromkeys(good, "PASS")
    board, camera = 2, 28
    assert words[board] == "FAIL", "no Raspberry Pi"
    assert words[camera] == "needs hands"
