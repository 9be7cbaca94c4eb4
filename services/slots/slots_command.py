"""``diemcau slots``: RAUC's boot loader backend, over the sector that U-Boot's script counts in."""

import os
from dataclasses import replace
from pathlib import Path

import click

from services.slots.record import read_record
from services.slots.state import ATTEMPTS, COPIES, SECTOR, SLOTS, BootState, newest

SLOT = click.Choice(SLOTS)
DISK = "/dev/diemcau/disk"


@click.group("slots")
@click.option("--disk", default=DISK, show_default=True,
              type=click.Path(path_type=Path), help="The whole card.")  # fmt: skip
@click.pass_context
def slots(ctx: click.Context, disk: Path) -> None:
    """Ask or tell which slot starts next; the verbs are RAUC's custom boot loader backend."""
    ctx.obj = disk


@slots.command("get-primary")
@click.pass_obj
def get_primary(disk: Path) -> None:
    """The slot that starts next."""
    click.echo(read(disk).primary())


@slots.command("set-primary")
@click.argument("slot", type=SLOT)
@click.pass_obj
def set_primary(disk: Path, slot: str) -> None:
    """SLOT starts next, with all its attempts."""
    write(disk, read(disk).with_primary(slot))


@slots.command("get-state")
@click.argument("slot", type=SLOT)
@click.pass_obj
def get_state(disk: Path, slot: str) -> None:
    """`good` while SLOT has attempts left, else `bad`."""
    click.echo("good" if read(disk).attempts(slot) else "bad")


@slots.command("set-state")
@click.argument("slot", type=SLOT)
@click.argument("state", type=click.Choice(["good", "bad"]))
@click.pass_obj
def set_state(disk: Path, slot: str, state: str) -> None:
    """Give SLOT all its attempts, or none."""
    write(disk, read(disk).with_attempts(slot, ATTEMPTS if state == "good" else 0))


@slots.command("can-fall-back")
@click.pass_obj
def can_fall_back(disk: Path) -> None:
    """Exit code 0 where another slot than the running one could be started, 1 where none could."""
    state, running = read(disk), _running()
    others = [slot for slot in SLOTS if slot != running and state.attempts(slot)]
    raise SystemExit(0 if others else 1)


@slots.command("show")
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.pass_obj
def show(disk: Path, data: Path) -> None:
    """The state in one line, then what became of each slot's release and of the last bundle."""
    state = read(disk)
    left = ", ".join(f"{slot} {state.attempts(slot)}" for slot in SLOTS)
    click.echo(f"order {' '.join(state.order)}; attempts left: {left}; state {state.seq}")
    record = read_record(data)
    for slot, trial in sorted(record.trials.items()):
        reason = f": {trial.reason}" if trial.reason else ""
        click.echo(f"{slot} {trial.version} {trial.outcome}{reason}")
    if record.refused is not None:
        click.echo(f"refused {record.refused.bundle}: {record.refused.reason}")


def read(disk: Path) -> BootState:
    """The state in force. Raises `OSError` where the disk cannot be read."""
    return newest(_copies(disk))[0]


def write(disk: Path, state: BootState) -> None:
    """Put `state` in force: the older copy is overwritten and synced."""
    present, older = newest(_copies(disk))
    if replace(state, seq=0) == replace(present, seq=0) and present.seq:
        return
    with disk.open("r+b", buffering=0) as file:
        file.seek(COPIES[older])
        file.write(bytes(replace(state, seq=present.seq + 1)))
        os.fsync(file.fileno())


def _copies(disk: Path) -> tuple[bytes, bytes]:
    with disk.open("rb", buffering=0) as file:
        found = []
        for place in COPIES:
            file.seek(place)
            found.append(file.read(SECTOR))
    return found[0], found[1]


def _running() -> str:
    words = Path("/proc/cmdline").read_text().split()
    return next((word[10:] for word in words if word.startswith("rauc.slot=")), SLOTS[0])
