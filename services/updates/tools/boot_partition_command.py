"""``diemcau boot-partition``: brings the running release's boot files onto the card.

Firmware, U-Boot, device trees and config.txt are read before any slot is; so a release that was
marked good brings them along. A timer calls this; within one start the card is looked at once.
"""

import json
import logging
import time
from math import inf
from pathlib import Path

import click

from appliance.base.atomic_file import write_atomically
from appliance.base.errors import FactFileError
from appliance.base.fact_file import BOOT_PARTITION_FILE
from appliance.base.journal import open_journal
from appliance.base.paths import Paths
from appliance.core.maintenance_window import Work
from appliance.wire.facts import BootPartitionFacts
from hardware.vitals.identity import board
from hardware.vitals.sysfs import word
from services.boot_partition.boot_set import BootSetError, read_boot_set
from services.boot_partition.disk import BOOT, BootPartition, InUseError
from services.boot_partition.renewal import BootState, Renewal, renew
from services.updates import box
from services.updates.slot_confirmed import Confirmation, ask_systemd, confirmation
from services.updates.tools.options import box_options
from services.updates.window import Window

log = logging.getLogger("diemcau.boot-partition")

BOOT_FILES = Path("usr/lib/diemcau/boot")
"""Below the root: what this release brings."""
MEMORY = Path("boot/boot-partition.json")
"""Below the data partition: the set that was seen in force last."""
OUR_BOARDS = "raspberrypi,"
WORDS = {
    BootState.CURRENT: "the boot files are this release's",
    BootState.RENEWED: "the boot files are renewed and in force from the next start on",
    BootState.NEWER: "the boot files are a newer release's and stay",
    BootState.TURNED_BACK: "this release's boot files were in force, and somebody has put others in"
    " force: they stay",
    BootState.WAITING: "the boot files are not renewed now",
    BootState.FAILED: "the boot files cannot be renewed, and stay as they were",
}


@click.command("boot-partition")
@click.option("--boot", default=BOOT, show_default=True, type=click.Path(path_type=Path),
              help="The card's boot partition, not mounted.")  # fmt: skip
@box_options
@click.option("--attended", is_flag=True, help="Somebody is at the box and wants this.")
def boot_partition(boot: Path, run_path: Path, data: Path, root: Path, attended: bool) -> None:
    """Renew the boot files where they are not the running release's, and no meeting is near.

    Exit code 0 whatever is found: the journal and RUN/boot-partition.json say what.
    """
    open_journal("boot-partition")
    paths = Paths(data, run_path, root)
    before = BOOT_PARTITION_FILE.read(run_path, time.time(), inf)
    if before is not None and not _due(before.state, attended):
        return
    if not board(root).startswith(OUR_BOARDS):
        log.info("no Raspberry Pi: there are no boot files to renew")
        return
    if confirmation(ask_systemd()) is not Confirmation.PASSED:
        log.info("the running slot is not marked good: its boot files are not taken")
        return
    _tell(run_path, look(boot, paths, Window(paths, attended=attended)))


def _due(state: str, attended: bool) -> bool:
    """Whether a card that was looked at in this start is looked at again.

    Not one that was renewed: what is in force now was not what this start has begun with.
    """
    return state == BootState.WAITING or (attended and state != BootState.RENEWED)


def look(boot: Path, paths: Paths, window: Window) -> Renewal:
    """Do what is due now."""
    # A write to the card is what an install is: the picture of a meeting must not stutter for it.
    if reason := window.why_wait(Work.INSTALL):
        return Renewal(BootState.WAITING, detail=reason)
    try:
        with BootPartition(boot) as disk:
            found = renew(
                disk,
                read_boot_set(paths.root / BOOT_FILES, box.running_release(paths)),
                _seen(paths.data),
                lambda digest: _keep(paths.data, digest),
                board=board(paths.root),
                now=window.now(),
                why_stop=lambda: window.why_stop(Work.INSTALL),
            )
    except InUseError as error:
        return Renewal(BootState.WAITING, detail=str(error))
    except (OSError, BootSetError) as error:
        return Renewal(BootState.FAILED, detail=str(error))
    return _as_started(found, word(paths.root / "proc/device-tree/chosen/os_prefix"))


def _as_started(found: Renewal, prefix: str | None) -> Renewal:
    """What the firmware has really taken counts: it passes over a set that it finds wanting.

    `prefix` is what it says in the tree; None in an emulator, which has no firmware.
    """
    wanted = f"{found.letter}/" if found.letter else ""
    if found.state is not BootState.CURRENT or prefix in (None, wanted):
        return found
    detail = f"the firmware has passed over set {named(found.letter)} and taken {prefix!r}"
    return Renewal(BootState.FAILED, found.letter, found.release, detail)


def named(letter: str | None) -> str:
    """How people call a set."""
    return "" if letter is None else letter or "flashed"


def _tell(run: Path, found: Renewal) -> None:
    level = logging.WARNING if found.state is BootState.FAILED else logging.INFO
    facts = BootPartitionFacts(
        state=found.state, set=named(found.letter), release=found.release, detail=found.detail
    )
    known = f"set {facts.set}, {facts.release or 'of an unknown release'}" if facts.set else ""
    log.log(level, "%s", "; ".join(filter(None, (WORDS[found.state], facts.detail, known))))
    try:
        BOOT_PARTITION_FILE.write(run, facts, time.time())
    except FactFileError as error:
        log.warning("%s", error)


def _seen(data: Path) -> str:
    """ "" where nothing was kept, or it cannot be read: then the set is laid once more."""
    try:
        return str(json.loads((data / MEMORY).read_bytes())["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _keep(data: Path, digest: str) -> None:
    write_atomically(data / MEMORY, json.dumps({"digest": digest}).encode(), mode=0o644)
