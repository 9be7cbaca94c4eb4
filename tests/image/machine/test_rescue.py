"""A box that used up its unplanned restarts: the page that says so, no more restarts, a way out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from appliance.core.rescue import RescueProblem
from appliance.core.scenes import rescued
from appliance.wire.facts import UpdateFacts, parse_facts
from services.endpoint.screen import draw
from services.endpoint.tools.rescue_page_command import known
from services.slots.attempt_marks import MAX_FAILED_STARTS
from services.slots.record import Outcome, SlotRecord, SlotResult, write_record
from tests.image.machine.guest.bundles import header, put_into_b, slot_with
from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.pictures import far
from tests.image.machine.guest.questions import SITE, drop_in, prepare, with_data

RUN = BUILD / "rescue"
NEXT = "0.1.1+209901010000"
NO_PORT = 9
OVER = "/run/trouble-is-over"
DROP_INS = {
    "diemcau-confirm": "[Service]\nExecStart=\nExecStart=/usr/bin/diemcau confirm --within 20\n"
    "ExecStart=-/usr/bin/diemcau slot-good\n",
    "diemcau-endpoint": f"[Unit]\nConditionPathExists={OVER}\n",
}
SAME = 6.0
"""Mean difference of two pictures, of 255: the fonts of two Debian releases differ by less."""

pytestmark = pytest.mark.timeout(2 * PATIENCE)


def words() -> str:
    """Kernel words: no endpoint while the problem lasts, and a gate of twenty seconds."""
    return " ".join(drop_in(unit, text) for unit, text in DROP_INS.items())


@pytest.fixture(scope="module")
def card() -> Path:
    """Both slots hold a release that did not pass the gate, as often as the budget allows."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    put_into_b(card, slot_with(RUN / "next.img", NEXT))
    boot = RUN / "data/boot"
    boot.mkdir(parents=True)
    (boot / "starts").write_bytes(b"." * MAX_FAILED_STARTS)
    silent = SlotResult(NEXT, Outcome.FAILED, "the gate was not passed: endpoint")
    worn = SlotResult(header(BUILD / "slot.img")["version"], Outcome.FAILED, "kernel is damaged")
    write_record(RUN / "data", SlotRecord({"A": worn, "B": silent}))
    with_data(card)
    prepare(card, SITE.format(port=NO_PORT), kernel_words=words())
    return card


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    with Machine(card) as machine:
        yield machine


def wait_for(machine: Machine, true: str) -> None:
    said = machine.ask(f"for i in $(seq 300); do {true} && echo GOT && break; sleep 1; done")
    assert said.endswith("GOT"), machine.ask("journalctl -b -n 60 --no-pager")


def test_the_tv_says_what_is_wrong(guest: Machine) -> None:
    wait_for(guest, "systemctl is-active -q diemcau-rescue")
    said = guest.ask("cat /run/diemcau/updater.json").encode()
    facts: dict[str, Any] = json.loads(said)
    assert (facts["state"], facts["starts"], facts["slot"]) == (
        "rescue",
        MAX_FAILED_STARTS + 1,
        "B",
    )
    assert [(one["slot"], one["problem"]) for one in facts["slots"]] == [
        ("A", RescueProblem.CARD),
        ("B", RescueProblem.ENDPOINT),
    ]
    page = draw(rescued("Xã Ia Kly", known(parse_facts(said, UpdateFacts), "")), (1280, 720)).image
    shipped = BUILD / "root/usr/share/diemcau"
    others = [Image.open(shipped / f"{name}.ppm") for name in ("background", "rescue")]
    assert min(far(page, other) for other in others) > SAME
    for number in range(60):
        shown = guest.picture(RUN / "page.png")
        if far(shown, page) < SAME:
            break
        guest.ask("sleep 1")
        assert number < 59, f"{far(shown, page)}; see page.png"
    page.save(RUN / "expected.png")


def test_nothing_restarts_it_and_the_gate_is_waited_for_again(guest: Machine) -> None:
    wait_for(
        guest, "[ $(journalctl -b -u diemcau-confirm | grep -c 'waiting for: endpoint') -ge 2 ]"
    )
    assert guest.ask("systemctl show --value -p ConditionResult diemcau-fallback") == "no"
    assert guest.ask("diemcau slots can-fall-back; echo $?") == "0"
    assert guest.said().count("diemcau: slot ") == 1
    wait_for(guest, 'grep -q \'"alarms":.*"P6"\' /run/diemcau/health.json')


def test_once_the_problem_is_over_the_gate_is_passed_and_the_count_is_gone(guest: Machine) -> None:
    assert guest.ask("wc -c < /data/boot/starts") == str(MAX_FAILED_STARTS + 1)
    guest.ask(f"touch {OVER}; systemctl start --no-block diemcau-endpoint")
    wait_for(guest, "systemctl is-active -q diemcau-confirm")
    assert guest.ask("ls /data/boot/starts /run/diemcau-rescue/starts 2>/dev/null") == ""
    assert json.loads(guest.ask("cat /run/diemcau/updater.json"))["state"] == "fell-back"
    assert guest.ask("diemcau slots show").startswith("order B A; attempts left: A 3, B 3")
    assert guest.said().count("diemcau: slot ") == 1
    guest.picture(RUN / "endpoint.png")
