"""Starts the support shell for one verified grant, bound to the stick and to the grant's hours."""

import subprocess
from pathlib import Path

from services.support.errors import StickError
from services.support.grant import Grant

UNIT = "diemcau-support.service"
DROP_IN = Path("run/systemd/system") / f"{UNIT}.d/grant.conf"
DEADLINE_S = 60.0


def drop_in(device: str, grant: Grant, seconds: float) -> str:
    """What the grant adds to the unit; `device` is a name below ``/dev``."""
    return (
        f"[Unit]\nBindsTo=dev-{device}.device\nAfter=dev-{device}.device\n"
        f"[Service]\nRuntimeMaxSec={max(1, int(seconds))}\nEnvironment=DIEMCAU_GRANT={grant.id}\n"
    )


def active() -> bool:
    """Whether somebody is at work, or systemd does not say."""
    try:
        return _systemctl("is-active", "--quiet", UNIT).returncode == 0
    except StickError:
        return True


def start(root: Path, added: str) -> None:
    """Open the shell. Raises `StickError` where systemd will not, `OSError` where /run is full."""
    file = root / DROP_IN
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    file.write_text(added)
    try:
        _done("daemon-reload")
        _done("start", UNIT)
    except StickError:
        file.unlink(missing_ok=True)
        raise


def _done(*words: str) -> None:
    done = _systemctl(*words)
    if done.returncode != 0:
        raise StickError(f"systemctl {words[0]}: {done.stderr.strip()}")


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ("systemctl", *words), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StickError(f"systemctl {words[0]} cannot be asked: {error}") from error
