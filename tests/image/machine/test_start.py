"""From power on to the picture, and an operator's questions, on the very disk image."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.code_picture import CHAIR, read, write_recording
from tests.code_picture import SITE as OURS
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of
from tests.image.machine.guest.far_end import FPS, SIZE
from tests.image.machine.guest.questions import SITE, on_card, prepare, with_data
from tests.one_meeting import agenda
from tests.peers.janus import ROOM
from tests.peers.room import room

RUN = BUILD / "start"
DISK_MIB = 2048
"""A card that is larger than the image: data grows to it."""

pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="module")
def meeting(card_folder: Path) -> Iterator[str]:
    """A meeting room of this machine with a chair in it, by the address that the guest dials."""
    port = free_port()
    clip = write_recording(card_folder / "chair.mp4", CHAIR, fps=FPS, size=SIZE)
    words = (
        "-m",
        "tests.image.machine.guest.far_end",
        f"janus+ws://127.0.0.1:{port}/janus?room={ROOM}",
    )
    with room(port), (card_folder / "far-end.log").open("w") as log:
        far = subprocess.Popen(
            [sys.executable, *words, clip, card_folder / "seen.txt"], cwd=ROOT, stderr=log
        )
        try:
            yield f"janus+ws://10.0.2.2:{port}/janus?room={ROOM}"
        finally:
            far.kill()
            far.wait()


@pytest.fixture(scope="module")
def province(meeting: str) -> Iterator[int]:
    """A port of this machine where the agenda is to be had: the meeting has just begun."""
    text = agenda(meeting, datetime.now(UTC) - timedelta(minutes=1), timedelta(hours=6))

    class Feed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Feed) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def card_folder() -> Path:
    return copy_of(BUILD / "diemcau-virt.img", RUN).parent


@pytest.fixture(scope="module")
def card(province: int, card_folder: Path) -> Path:
    card = card_folder / "card.img"
    with_data(
        card, write_recording(card_folder / "camera.mp4", OURS, frames=300, fps=FPS, size=SIZE)
    )
    with card.open("r+b") as disk:
        disk.truncate(DISK_MIB * 2**20)
    prepare(card, SITE.format(port=province))
    return card


@pytest.fixture(scope="module")
def guest(card: Path) -> Iterator[Machine]:
    with Machine(
        card, "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="
    ) as it:
        yield it


def wait_until(true: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, otherwise()
        time.sleep(2)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def log_of(guest: Machine) -> str:
    return guest.ask("journalctl -b -u diemcau-endpoint -n 30 --no-pager")


def settled(guest: Machine) -> str:
    """systemd's word once no job is left."""
    return guest.ask("systemctl is-system-running --wait", within=PATIENCE)


def test_it_settles_and_the_slot_is_marked_good(guest: Machine) -> None:
    assert settled(guest) == "running", guest.ask("systemctl --failed --no-legend")
    told = guest.ask("diemcau slots show").splitlines()
    assert told[0].startswith("order A B; attempts left: A 3, B 0")
    assert told[1].startswith("A ")
    assert told[1].endswith(" good")


def test_the_one_command_tells_what_a_box_can_do(guest: Machine) -> None:
    told = guest.ask("diemcau --help; echo code $?")
    assert "first-boot" in told
    assert not re.search("^ +province ", told, re.MULTILINE)
    assert told.endswith("code 0")


def test_the_agenda_is_read_and_the_meeting_joined_by_itself(guest: Machine) -> None:
    def joined() -> bool:
        facts = json.loads(guest.ask("cat /run/diemcau/endpoint.json"))
        return bool((facts["phase"], facts["call"]) == ("in meeting", "up"))

    wait_until(joined, lambda: log_of(guest))
    assert "@diemcau" in guest.ask("cat /data/endpoint/agenda/*")


def test_the_far_end_sees_our_moving_picture(guest: Machine) -> None:
    seen = RUN / "seen.txt"

    def numbers() -> list[int]:
        lines = seen.read_text().splitlines() if seen.exists() else []
        return [int(line.split()[1]) for line in lines if line.split()[0] == str(OURS)]

    wait_until(lambda: len(set(numbers())) >= 10, lambda: f"{numbers()}; {log_of(guest)}")


def test_the_tv_shows_the_far_ends_moving_picture(guest: Machine) -> None:
    shown: set[int] = set()

    def moved() -> bool:
        code = read(np.asarray(guest.picture(RUN / "meeting.png")))
        if code is not None:
            assert code.who == CHAIR
            shown.add(code.number)
        return len(shown) >= 3

    wait_until(moved, lambda: f"{shown}; see meeting.png; {log_of(guest)}")


def test_the_health_program_runs_and_knows_its_release(guest: Machine) -> None:
    assert guest.ask("systemctl is-active diemcau-health") == "active"
    wait_until(
        lambda: '"connected"' in guest.ask("cat /run/diemcau/health.json"),
        lambda: guest.ask("journalctl -b -u diemcau-health -n 30 --no-pager"),
    )
    version = guest.ask("sed -n 's/^IMAGE_VERSION=//p' /etc/os-release")
    assert version in guest.ask("diemcau slots show")
    assert version == json.loads(guest.ask("cat /run/diemcau/updater.json"))["release"]


def test_data_has_grown_to_the_card(guest: Machine) -> None:
    mib = int(guest.ask("df -m --output=size /data | tail -1"))
    assert mib > (DISK_MIB - 4 - 64 - 2 * 640) * 0.85


def test_no_unit_has_failed_and_nothing_waits_in_a_circle(guest: Machine) -> None:
    assert guest.ask("systemctl --failed --no-legend --plain") == ""
    assert guest.ask("journalctl -b -o cat --no-pager | grep -i 'ordering cycle'") == ""


def test_the_screen_is_started_once_and_the_next_start_has_its_page(guest: Machine) -> None:
    assert guest.ask("systemctl show --value -p NRestarts diemcau-screen") == "0"
    assert "Xã Ia Kly" in guest.ask("head -n 1 /data/endpoint/start-page")


def test_a_units_nice_counts_beside_other_units(guest: Machine) -> None:
    assert guest.ask("cat /proc/sys/kernel/sched_autogroup_enabled") == "0"


def test_root_and_boot_are_not_to_be_written(guest: Machine) -> None:
    mounts = guest.ask("cat /proc/mounts").splitlines()
    by_place = {line.split()[1]: line.split() for line in mounts}
    assert by_place["/"][2] == "squashfs"
    assert by_place["/"][3].startswith("ro")
    assert "/boot" not in by_place
    assert "Read-only" in guest.ask("touch /etc/x /usr/x")
    assert "verity" in guest.ask("dmsetup table root")


def test_nothing_listens(guest: Machine) -> None:
    assert guest.ask("ss -Hltn") == ""
    # Of the line's own: networkd's DHCP client, which hears its server only, and the media of the
    # call that this box has made itself, which takes nothing but what the call's own keys open.
    own = re.compile(r':68 .*"systemd-network"|"diemcau"')
    assert [line for line in guest.ask("ss -Hlunp").splitlines() if not own.search(line)] == []


def test_each_unit_of_ours_is_shut_in(guest: Machine) -> None:
    """But support shell and bring-up, which no card of a site starts by itself
    (`tests/image/test_units.py`)."""
    told = guest.ask(
        "cd /usr/lib/systemd/system; for unit in diemcau-*.service; do case $unit in"
        " diemcau-support.service | diemcau-bringup.service) continue ;; esac;"
        " systemd-analyze security --no-pager"
        " $(echo $unit | sed s/@/@sda1/) | grep Overall; done"
    )
    levels = [float(line.split(":")[1].split()[0]) for line in told.splitlines()]
    assert len(levels) >= 7
    assert max(levels) <= 2.5, told


def test_nobody_logs_in(guest: Machine) -> None:
    assert guest.ask("grep -v nologin /etc/passwd") == ""
    assert guest.ask("grep -v ':!\\*:' /etc/shadow") == ""
    assert guest.ask("systemctl list-units --no-legend --plain '*getty*.service'") == ""


def test_the_secret_is_on_the_data_partition_and_no_more_on_the_card(
    guest: Machine, card: Path
) -> None:
    assert guest.ask("cat /data/site/secrets/sip-password") == "Khong-ai-biet"
    assert "ĐÃ NHẬN" in on_card(card, "RESULT.txt")
    assert "Khong-ai-biet" not in on_card(card, "site.toml")


UNITS = {
    "background on the TV": "diemcau-screen",
    "endpoint READY": "diemcau-endpoint",
    "slot marked good": "diemcau-confirm",
}
WORDS = {
    "settings in force": "settings in force",
    "endpoint's picture on the TV": "tv ← first picture",
    "agenda read": "far ← agenda",
    "dialing": "near → dialing",
    "in the room": "near → in room",
    "in the meeting": "→ in meeting",
}


def test_how_long_each_step_took(guest: Machine) -> None:
    """Seconds of the guest's clock since its kernel began; the boot loader's come before."""
    journal = guest.ask("journalctl -b -o short-monotonic --no-pager")
    (RUN / "journal.txt").write_text(journal)
    # Nobody's first picture waits for Xwayland.
    assert journal.index("xwayland glamor") < journal.index("tv → started")
    steps = {}
    for step, unit in UNITS.items():
        told = guest.ask(f"systemctl show --value -p ActiveEnterTimestampMonotonic {unit}")
        steps[step] = int(told) / 1e6
    for step, words in WORDS.items():
        found = re.search(rf"^\[\s*([\d.]+)\].*?{words}", journal, re.MULTILINE)
        assert found, f"{step}: no {words!r} in journal.txt"
        steps[step] = float(found[1])
    lines = [f"{at:8.1f}  {step}" for step, at in sorted(steps.items(), key=lambda one: one[1])]
    first = next(
        float(line.split()[2])
        for line in (RUN / "seen.txt").read_text().splitlines()
        if line.split()[0] == str(OURS)
    )
    lines.append(f"{first - guest.powered_at:8.1f}  of this machine: power on to our picture seen")
    told = guest.ask(
        "systemd-analyze; systemd-analyze blame --no-pager | head -15;"
        " systemd-analyze critical-chain --no-pager"
    )
    (RUN / "times.txt").write_text("\n".join([*lines, "", told, ""]))
    assert "multi-user.target reached" in told
