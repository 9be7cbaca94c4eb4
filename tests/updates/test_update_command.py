"""`diemcau update` as it is called at the box, with a RAUC that notes how it was called."""

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.base.fact_file import ENDPOINT_FILE
from appliance.core.decision import Phase
from appliance.wire.facts import EndpointFacts, MeetingTime
from services.slots.attempt_marks import STARTS_FILE
from services.slots.record import read_record
from services.updates.tools.update_command import update
from tests.provisioning.site_files import site
from tests.updates.inspected_bundle import told_by_rauc

FILE = "/run/stick/good.raucb"
URL, CA = "https://phat-hanh.example.vn/moi.raucb", "/etc/diemcau/releases.pem"
INSPECTED = f"InspectBundle sa{{sv}} {URL} 1 tls-ca s {CA}"


class Box:
    """A box with settings whose endpoint is idle; RAUC does what `rauc` says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.called = folder, folder / "calls"
        self.asked_file = folder / "asked"
        for made in ("run", "data/site", "data/boot", "bin"):
            (folder / made).mkdir(parents=True)
        settings = site().split(b"[secrets]")[0].decode()
        self.site = folder / "data/site/site.toml"
        self.site.write_text(f'{settings}\n[province]\nca = "/etc/diemcau/ca.pem"\n')
        self.program("systemctl", "exit 1")
        self.rauc("exit 0")
        self.busctl(f"echo '{told_by_rauc('0.2.0+202612010000')}'")
        self.idle()
        monkeypatch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")

    def program(self, name: str, does: str) -> None:
        file = self.folder / "bin" / name
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)

    def rauc(self, does: str) -> None:
        self.program("rauc", f'echo "rauc $*" >> {self.called}\n{does}')

    def busctl(self, does: str) -> None:
        self.program("busctl", f'echo "busctl $*" >> {self.asked_file}\n{does}')

    def idle(self, *meetings: MeetingTime, phase: Phase = Phase.IDLE) -> None:
        facts = EndpointFacts(phase=phase.value, meetings=meetings, clock_trusted=True)
        ENDPOINT_FILE.write(self.folder / "run", facts, time.time())

    def update(self, bundle: str = FILE, *more: str) -> Result:
        words = [f"--{name}={self.folder / name}" for name in ("data", "run", "root")]
        return CliRunner().invoke(update, [bundle, *words, *more])

    @property
    def calls(self) -> list[str]:
        return self.called.read_text().splitlines() if self.called.exists() else []

    @property
    def asked(self) -> list[str]:
        """What RAUC was asked over the bus."""
        return self.asked_file.read_text().splitlines() if self.asked_file.exists() else []

    @property
    def refused(self) -> str:
        """Why the last bundle was not installed, as it is kept."""
        refused = read_record(self.folder / "data").refused
        return f"{refused.bundle}: {refused.reason}" if refused else ""


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_a_file_is_installed_and_the_count_of_starts_begins_anew(box: Box) -> None:
    (box.folder / "data" / STARTS_FILE).write_text("...")
    done = box.update()
    assert done.exit_code == 0, done.output
    assert "0.0 MiB came over the line" in done.output
    assert box.calls == [f"rauc install --tls-ca /etc/diemcau/ca.pem {FILE}"]
    assert not (box.folder / "data" / STARTS_FILE).exists()
    assert box.refused == ""


def test_a_bundle_that_rauc_refuses_is_kept_with_its_reason(box: Box) -> None:
    box.rauc("echo LastError: signature verification failed; exit 1")
    done = box.update()
    assert done.exit_code == 1
    assert box.refused == f"{FILE}: signature verification failed"
    assert "signature verification failed" in done.output


def test_a_data_partition_that_takes_nothing_is_said(box: Box) -> None:
    (box.folder / "data/boot/slots.json").mkdir()
    done = box.update()
    assert done.exit_code == 0
    assert "the outcome cannot be kept: " in done.output


def test_n1_while_a_meeting_is_on_or_near_it_waits_unless_it_is_told_otherwise(box: Box) -> None:
    box.idle(phase=Phase.IN_MEETING)
    done = box.update()
    assert done.exit_code == 1
    assert "not installed now: the site is in meeting; --now installs all the same" in done.output
    begin = time.time() + 20 * 60
    box.idle(MeetingTime(begin, begin + 3600))
    assert "a meeting begins at" in box.update().output
    assert (box.calls, box.refused) == ([], "")
    assert box.update(FILE, "--now").exit_code == 0
    assert len(box.calls) == 1


def test_a_silent_endpoint_is_not_waited_for_by_hand(box: Box) -> None:
    (box.folder / "run/endpoint.json").unlink()
    assert box.update().exit_code == 0


def test_n8_of_an_address_rauc_is_asked_for_the_size_first(box: Box) -> None:
    done = box.update(URL, "--ca", CA)
    assert done.exit_code == 0, done.output
    assert [asked.endswith(INSPECTED) for asked in box.asked] == [True]
    assert box.calls == [f"rauc install --tls-ca {CA} {URL}"]
    box.busctl("echo Call failed: no such host >&2; exit 1")
    done = box.update(URL, "--ca", CA)
    assert done.exit_code == 1
    assert box.refused == f"{URL}: {URL}: Call failed: no such host"
    box.busctl(f"echo '{told_by_rauc('0.2.0+202612010000', None)}'")
    assert box.update(URL, "--ca", CA).exit_code == 1
    assert box.refused.startswith(f"{URL}: {URL}: RAUC tells no verity-size: ")
    assert len(box.calls) == 1, "nothing is fetched without a budget"


def test_n8_who_sets_the_budget_needs_no_size(box: Box) -> None:
    done = box.update(URL, "--ca", CA, "--most", "200")
    assert (done.exit_code, len(box.calls), box.asked) == (0, 1, [])


def test_n8_of_a_file_nobody_is_asked_for_the_size(box: Box) -> None:
    assert box.update().exit_code == 0
    assert box.asked == []
