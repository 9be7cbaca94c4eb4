"""``diemcau slots``: RAUC's boot loader backend, over the sector that U-Boot's script counts in.

RAUC's manual, Integration, Custom Bootloader Backend Interface, has the verbs and their answers.
"""

from pathlib import Path

import click

from services.slots.boot_state_disk import DISK, read_state, write_state
from services.slots.current_slot import running_slot
from services.slots.record import read_record
from services.slots.state import MAX_ATTEMPTS, SLOTS

SLOT = click.Choice(SLOTS)


@click.group("slots")
@click.option("--disk", default=DISK, show_default=True,
              type=click.Path(path_type=Path), help="The whole card.")  # fmt: skip
@click.pass_context
def slots(ctx: click.Context, disk: Path) -> None:
    """Read or change which slot starts next; the verbs are those of RAUC's backend."""
    ctx.obj = disk


@slots.command("get-primary")
@click.pass_obj
def get_primary(disk: Path) -> None:
    """The slot that starts next."""
    click.echo(read_state(disk).primary())


@slots.command("set-primary")
@click.argument("slot", type=SLOT)
@click.pass_obj
def set_primary(disk: Path, slot: str) -> None:
    """SLOT starts next, with all its attempts."""
    write_state(disk, read_state(disk).with_primary(slot))


@slots.command("get-state")
@click.argument("slot", type=SLOT)
@click.pass_obj
def get_state(disk: Path, slot: str) -> None:
    """`good` while SLOT has attempts left, else `bad`."""
    click.echo("good" if read_state(disk).attempts(slot) else "bad")


@slots.command("set-state")
@click.argument("slot", type=SLOT)
@click.argument("state", type=click.Choice(["good", "bad"]))
@click.pass_obj
def set_state(disk: Path, slot: str, state: str) -> None:
    """Give SLOT all its attempts, or none."""
    write_state(disk, read_state(disk).with_attempts(slot, MAX_ATTEMPTS if state == "good" else 0))


@slots.command("can-fall-back")
@click.pass_obj
def can_fall_back(disk: Path) -> None:
    """Exit code 0 where another slot than the running one could be started, 1 where none could."""
    state, running = read_state(disk), running_slot()
    others = [slot for slot in SLOTS if slot != running and state.attempts(slot)]
    raise SystemExit(0 if others else 1)


@slots.command("show")
@click.option("--data", default="/data", show_default=True,
              type=click.Path(path_type=Path), help="The data partition.")  # fmt: skip
@click.pass_obj
def show(disk: Path, data: Path) -> None:
    """The state in one line, then what became of each slot's release and of the last bundle."""
    state = read_state(disk)
    left = ", ".join(f"{slot} {state.attempts(slot)}" for slot in SLOTS)
    click.echo(f"order {' '.join(state.order)}; attempts left: {left}; state {state.seq}")
    record = read_record(data)
    for slot, result in sorted(record.results.items()):
        reason = f": {result.reason}" if result.reason else ""
        click.echo(f"{slot} {result.version} {result.outcome}{reason}")
    if record.refused is not None:
        click.echo(f"refused {record.refused.bundle}: {record.refused.reason}")
