"""Runs a program with the rights that its unit leaves to root, and no others."""

import grp
import re
import subprocess
from pathlib import Path

USER, GROUP = "nobody", "nogroup"
"""Stand for the programs' own, which a machine of a developer does not have."""


def as_unit(unit: Path, *words: str) -> str:
    """What `words` print under the capabilities and the group of the file `unit`; by setpriv(1)."""
    text = unit.read_text()
    bounds = re.findall(r"^CapabilityBoundingSet=(.*)$", text, re.MULTILINE)
    assert len(bounds) == 1
    left = "".join(f",+{name.removeprefix('CAP_').lower()}" for name in bounds[0].split())
    group = grp.getgrnam(GROUP if "\nGroup=diemcau\n" in text else "root").gr_gid
    done = subprocess.run(
        [
            *("setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all{left}"),
            *(f"--regid={group}", "--clear-groups"),
            *words,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
