"""The health unit, judged by systemd itself."""

import re
import subprocess
from pathlib import Path

UNIT = Path(__file__).parents[2] / "services/health/diemcau-health.service"
MOST_EXPOSED = 1.8


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words, str(UNIT)], capture_output=True, text=True, check=False
    )


def test_systemd_understands_every_line() -> None:
    said = analyze("verify", "--man=no").stderr
    faults = [line for line in said.splitlines() if UNIT.name in line or "Unknown" in line]
    # The command stands in the image; everything else has to be right here.
    assert [line for line in faults if "is not executable" not in line] == []


def test_it_is_exposed_to_little() -> None:
    said = analyze("security", "--offline=yes").stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level is not None, said
    assert float(level.group(1)) <= MOST_EXPOSED


def test_it_never_gives_up_and_waits_for_nothing() -> None:
    unit = UNIT.read_text()
    assert "Restart=always" in unit
    assert "StartLimitIntervalSec=0" in unit
    assert "network-online" not in unit
    assert "time-sync" not in unit
