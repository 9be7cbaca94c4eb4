"""Brings a release's boot files onto the card, and puts them in force by one write of one sector.

In this order, each file whole before the next: firmware and folder of the set that is not in force;
all of it read back from the card; the script that finds the set in force; what was in force, kept
for a technician as ``config.old``; ``config.txt``. A power cut before the last leaves the old set
in force, one after it the new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.versions import order
from services.boot_partition.boot_set import (
    BOARD_WORDS,
    CONFIG,
    DISPATCHER,
    FLASHED_SCRIPT,
    RECORD,
    BootSet,
    BootSetError,
    SetOnCard,
    in_force,
    other,
    parse_record,
    sha256,
)
from services.boot_partition.disk import BootDisk
from services.boot_partition.fat_layout import FatError
from services.boot_partition.fat_volume import FatVolume
from services.boot_partition.fat_writer import FatWriter, NoRoomError

OLD_CONFIG = "config.old"
MARGIN_BYTES = 256 * 1024
"""Left for people's own files, a site file above all."""


class BootState(StrEnum):
    """How the card's boot files stand to the running release's."""

    CURRENT = "current"
    RENEWED = "renewed"
    """Written, and in force from the next start on."""
    NEWER = "newer"
    """A newer release has brought them: this one runs in its place."""
    TURNED_BACK = "turned-back"
    """They were in force, and somebody has put others in force: that stays so."""
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of one look."""

    state: BootState
    letter: str | None = None
    """The set in force from the next start on; None where that is not known."""
    release: str = ""
    """Which release has brought it; "" for the flashed set."""
    detail: str = ""


def renew(
    disk: BootDisk,
    wanted: BootSet,
    seen: str,
    keep: Callable[[str], None],
    *,
    board: str,
    now: float,
    why_stop: Callable[[], str] = lambda: "",
) -> Renewal:
    """Look at the card and do what is due. Raises `OSError` where the card or `keep` refuses.

    `seen` is the digest of the set that was put in force last, or seen in force, and `keep` makes
    another durable: by it a technician's decision is known and left alone. `board` is the running
    board's first word of ``compatible``, `now` POSIX seconds. `why_stop` is asked before each file:
    where it gives a reason, nothing is put in force. What cannot be done is told by the result, and
    changes nothing.
    """
    letter = None
    try:
        volume = FatVolume(disk)
        letter = in_force(_config(volume))
        record = _record(volume, letter)
        release = record.release if record else ""
        digest = wanted.digest()
        by_hand = _by_hand(volume, record)
        if record and _is_newer(record.release, wanted.release):
            return Renewal(BootState.NEWER, letter, release)
        if _is_in_force(volume, wanted, letter):
            if seen != digest:
                keep(digest)
            return Renewal(BootState.CURRENT, letter, release, by_hand)
        if seen == digest:
            return Renewal(BootState.TURNED_BACK, letter, release)
        _must_fit(volume, wanted, board)
        fresh = other(letter)
        if stopped := _lay(disk, wanted, fresh, now, why_stop):
            return Renewal(BootState.WAITING, letter, release, stopped)
        _must_be_whole(FatVolume(disk), wanted, fresh)
        _put_in_force(disk, wanted, fresh, now)
        keep(digest)
        return Renewal(BootState.RENEWED, fresh, wanted.release, by_hand)
    except (FatError, BootSetError) as error:
        return Renewal(BootState.FAILED, letter, detail=str(error))


def _is_newer(release: str, running: str) -> bool:
    """A release of nobody's making is no reason to keep a set."""
    try:
        return order(release) > order(running)
    except ValueError:
        return False


def _config(volume: FatVolume) -> bytes:
    config = volume.read(CONFIG)
    if config is None:
        raise BootSetError("the boot partition has no config.txt: no Raspberry Pi starts from it")
    return config


def _record(volume: FatVolume, letter: str) -> SetOnCard | None:
    return parse_record(volume.read(f"{letter}/{RECORD}" if letter else RECORD))


def _is_in_force(volume: FatVolume, wanted: BootSet, letter: str) -> bool:
    """Whether the set `letter` is `wanted`, byte for byte.

    But for what people may have changed on a PC: config.txt, of which the record says how it was
    written, and the board's words, with which a TV's setting is no reason to write all anew.
    """
    record = _record(volume, letter)
    if record is None or record.config != sha256(wanted.config_for(letter)):
        return False
    files = {DISPATCHER: wanted.dispatcher}
    if letter:
        files |= {f"{letter}/{name}": content for name, content in wanted.system.items()}
        files |= wanted.beside(letter)
    else:
        files |= {name: one for name, one in wanted.system.items() if name != DISPATCHER}
        files |= {FLASHED_SCRIPT: wanted.system[DISPATCHER], **wanted.firmware}
    return all(
        volume.read(path) == content
        for path, content in files.items()
        if not path.endswith(BOARD_WORDS)
    )


def _by_hand(volume: FatVolume, record: SetOnCard | None) -> str:
    changed = record and sha256(_config(volume)) != record.config
    return f"config.txt was changed by hand; see {OLD_CONFIG} after a renewal" if changed else ""


def _must_fit(volume: FatVolume, wanted: BootSet, board: str) -> None:
    if board and not wanted.has_tree_for(board):
        raise BootSetError(f"this release brings no device tree for this board, {board}")
    needed = sum(len(content) for content in (*wanted.firmware.values(), *wanted.system.values()))
    if volume.free_bytes() < needed + MARGIN_BYTES:
        raise NoRoomError(
            f"the boot partition has {volume.free_bytes() // 1024} KiB left and needs"
            f" {(needed + MARGIN_BYTES) // 1024}; remove what is not ours from it"
        )


def _lay(
    disk: BootDisk, wanted: BootSet, letter: str, now: float, why_stop: Callable[[], str]
) -> str:
    """The set that is not in force, anew; why it was stopped, or ""."""
    writer = FatWriter(disk, now)
    for name, content in wanted.beside(letter).items():
        if reason := why_stop():
            return reason
        if writer.volume.read(name) != content:
            writer.put(name, content)
    if reason := why_stop():
        return reason
    writer.put_folder(letter, wanted.folder(letter))
    writer.finish()
    return ""


def _must_be_whole(volume: FatVolume, wanted: BootSet, letter: str) -> None:
    """As the card says now: what was written has left this machine's memory."""
    files = {f"{letter}/{name}": content for name, content in wanted.folder(letter).items()}
    for path, content in (files | wanted.beside(letter)).items():
        if volume.read(path) != content:
            raise BootSetError(
                f"{path} reads back otherwise than it was written: a card that fails"
            )


def _put_in_force(disk: BootDisk, wanted: BootSet, letter: str, now: float) -> None:
    writer = FatWriter(disk, now)
    script = writer.volume.read(DISPATCHER)
    if script != wanted.dispatcher:
        if script is not None and writer.volume.read(FLASHED_SCRIPT) is None:
            # A card from before there were sets: its script goes on to be the flashed set's.
            writer.put(FLASHED_SCRIPT, script)
        writer.put(DISPATCHER, wanted.dispatcher)
    writer.put(OLD_CONFIG, _config(writer.volume))
    writer.put(CONFIG, wanted.config_for(letter))
    writer.finish()
