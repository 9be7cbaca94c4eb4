"""Our cold start beside a plain Debian's: the same kernel, boot loader, disk and emulator.

Run as ``python -m tests.image.machine.plain_start`` after ``test_start.py``; reads its seconds.
"""

import subprocess
import sys

from tests.image.machine.guest.bundles import SLOT_A
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of
from tests.image.machine.guest.questions import prepare

OURS = BUILD / "start/times.txt"
RUN = BUILD / "plain"


def plain_seconds() -> float:
    """Seconds of the guest's clock from its kernel's beginning to its login prompts."""
    card = copy_of(BUILD / "diemcau-virt.img", RUN)
    words = ((RUN / name).relative_to(ROOT) for name in ("root", "slot.img"))
    recipe = "tests/image/machine/plain"
    made = subprocess.run(
        [recipe, *words], cwd=ROOT, check=False, timeout=PATIENCE, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr[-2000:]
    with card.open("r+b") as disk:
        disk.seek(SLOT_A)
        disk.write((RUN / "slot.img").read_bytes())
    # Debian gives each console of a virtual machine a login prompt; on this one we ask.
    prepare(card, None, kernel_words="systemd.mask=serial-getty@hvc0.service")
    with Machine(card) as machine:
        machine.ask("systemctl is-system-running --wait")
        assert machine.ask("systemctl is-active getty@tty1") == "active"
        (RUN / "times.txt").write_text(machine.ask("systemd-analyze; systemd-analyze blame"))
        reached = "systemctl show --value -p ActiveEnterTimestampMonotonic multi-user.target"
        return int(machine.ask(reached)) / 1e6


def main() -> None:
    """Each step of ours as a multiple of the plain start."""
    plain = plain_seconds()
    lines = [f"{plain:8.1f}  1.00  plain Debian: multi-user.target, login prompts"]
    for line in OURS.read_text().split("\n\n")[0].splitlines():
        at, step = line.split(maxsplit=1)
        if not step.startswith("of this machine"):
            lines.append(f"{float(at):8.1f}  {float(at) / plain:.2f}  {step}")
    told = "\n".join(lines) + "\n"
    (RUN / "ratio.txt").write_text(told)
    sys.stdout.write(told)


if __name__ == "__main__":
    main()
