"""A card in a machine of 1970, no time server, and a province over TLS: the hour is its own.

The province's program is the real one, on this machine; its authority's certificate is all that the
box is told of it.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.base.clocks.kernel_clock import STA_UNSYNC
from services.province.sites.tree import add_site, place_at
from services.province.storage.database import Database
from tests.image.machine.guest.emulator import BUILD, PATIENCE, Machine, copy_of
from tests.image.machine.guest.questions import prepare, with_data
from tests.image.machine.guest.release_server import HOST
from tests.process.ports import free_port

RUN = BUILD / "hour"
SITE = """\
[site]
id = "ia-kly"
name = "Xã Ia Kly"
[agenda]
url = "{agenda}"
ca = "/data/ca.pem"
[province]
url = "{url}"
ca = "/data/ca.pem"
[camera]
source = "none"
[microphone]
source = "none"
"""
WITHIN_S = 2.5
"""Half of the longest round trip that is believed."""
pytestmark = pytest.mark.timeout(2 * PATIENCE)


@dataclass(frozen=True, slots=True)
class Province:
    """Where the guest finds it."""

    url: str
    agenda: str
    ca: Path


@pytest.fixture(scope="module")
def province() -> Iterator[Province]:
    """`diemcau province` with a certificate of its own authority, for the guest's name of it."""
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(parents=True)
    data, port = RUN / "province", free_port()
    url = f"https://{HOST}:{port}"
    words = ["--port", str(port), "--url", url, "--own-certificate", "--data", str(data)]
    words += ["--broker-port", str(free_port())]
    with (RUN / "province.log").open("w") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "services.command", "province", *words], stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + PATIENCE
            while not (data / "broker/hour.pem").exists():
                assert time.monotonic() < until
                assert program.poll() is None, (RUN / "province.log").read_text()
                time.sleep(0.5)
            database = Database(f"sqlite:///{data / 'province.db'}")
            with database.writing() as session:
                place = place_at(session, ["Gia Lai", "Xã Ia Kly"])
                token = add_site(session, "ia-kly", "Xã Ia Kly", place, time.time()).feed_token
            database.close()
            yield Province(url, f"{url}/feeds/{token}/ia-kly.ics", data / "broker/ca.pem")
        finally:
            program.terminate()
            program.wait(60)


@pytest.fixture(scope="module")
def guest(province: Province) -> Iterator[Machine]:
    card = copy_of(BUILD / "diemcau-virt.img", RUN / "card")
    ca = RUN / "ca.pem"
    shutil.copy(province.ca, ca)
    ca.chmod(0o644)  # the box's programs are no root
    with_data(card, ca)
    prepare(card, SITE.format(url=province.url, agenda=province.agenda))
    network = ("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")
    with Machine(card, *network, "-rtc", "base=1970-01-01T00:01:00,clock=vm") as it:
        yield it


def test_the_hour_is_the_provinces_and_everybody_goes_by_it(guest: Machine) -> None:
    until = time.monotonic() + PATIENCE
    while "known" not in guest.ask("cat /run/diemcau/hour.json"):
        assert time.monotonic() < until, guest.ask("journalctl -b -u diemcau-hour --no-pager")
        time.sleep(1.0)
    facts = json.loads(guest.ask("cat /run/diemcau/hour.json"))
    assert facts["boot_id"] == guest.ask("cat /proc/sys/kernel/random/boot_id")
    before = time.time()
    there = float(guest.ask("date +%s.%N"))
    after = time.time()
    assert before - facts["error_s"] - 0.5 <= there <= after + facts["error_s"] + 0.5
    assert facts["error_s"] <= WITHIN_S
    assert (facts["state"], facts["source"], facts["code"]) == ("known", HOST, "")

    # It was in another year before, by systemd's own; no time server was heard.
    log = guest.ask("journalctl -b -u diemcau-hour -o cat --no-pager")
    assert "right to" in log
    off = float(log.partition("the clock was off by ")[2].split()[0])
    assert off > 30 * 86400.0, log
    assert guest.ask("test -e /run/systemd/timesync/synchronized; echo $?") == "1"
    assert guest.ask("ls /run/diemcau-hour") == "synchronised"

    # The endpoint, which may not ask the kernel, goes by the mark; its agenda comes over TLS.
    while "G1" in (told := endpoint(guest))["problems"] or "L1" in told["problems"]:
        assert time.monotonic() < until, told
        time.sleep(2.0)
    assert abs(told["at"] - time.time()) < 60.0

    # A hardware clock is written by the kernel from now on: it believes its own.
    print_status = "import ctypes as c; t = (c.c_byte * 512)(); c.CDLL(None).adjtimex(t); " \
        "print(int.from_bytes(bytes(t)[40:44], 'little'))"  # fmt: skip
    status = int(guest.ask(f'python3 -c "{print_status}"'))
    assert not status & STA_UNSYNC
    assert guest.ask("systemctl --failed --no-legend") == ""


def test_who_sets_the_clock_is_nobody_else(guest: Machine) -> None:
    unit = guest.ask("systemctl show diemcau-hour -p User -p AmbientCapabilities -p Restart")
    assert "User=diemcau-hour" in unit
    assert "AmbientCapabilities=cap_sys_time" in unit
    timer = guest.ask("systemctl show diemcau-hour.timer -p ActiveState -p NextElapseUSecMonotonic")
    assert "ActiveState=active" in timer
    assert guest.ask("stat -c %U:%a /run/diemcau-hour") == "diemcau-hour:755"


def endpoint(guest: Machine) -> dict[str, Any]:
    """What the endpoint tells; its file is there after its first picture."""
    told = guest.ask("cat /run/diemcau/endpoint.json 2>/dev/null || echo '{}'")
    facts: dict[str, Any] = json.loads(told)
    return {"problems": ["G1"]} | facts
