"""A unit file as systemd itself judges it, before it is installed."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class JudgedUnit:
    """The unit in `file`, which stands in no system."""

    file: Path

    def misunderstood(self) -> list[str]:
        """What systemd has to say of its lines.

        The command is installed with the image or on the server: that it is missing here is none.
        """
        said = self._analyze("verify", "--man=no").stderr
        told = [line for line in said.splitlines() if self.file.name in line or "Unknown" in line]
        return [line for line in told if "is not executable" not in line]

    def exposure(self) -> float:
        """From 0, shut in, to 10 (systemd-analyze(1), security)."""
        said = self._analyze("security", "--offline=yes").stdout
        level = re.search(r"exposure level for \S+: ([\d.]+)", said)
        assert level is not None, said
        return float(level.group(1))

    def _analyze(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["systemd-analyze", *words, str(self.file)], capture_output=True, text=True, check=False
        )
