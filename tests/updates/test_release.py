"""Which release of a stick is installed, and what is waited for before."""

import re
from pathlib import Path

import pytest

from services.slots import attempt_marks
from services.slots.confirm_command import confirm as confirm_command
from services.updates.box import kind_of_box
from services.updates.bundles import MAX_BUNDLES, Bundle, choose_bundle, find_bundles
from services.updates.slot_confirmed import (
    DEADLINE_S,
    POLL_INTERVAL_S,
    RESCUE_FLAG,
    STILL_OPEN,
    wait_until_confirmed,
)

ROOT = Path(__file__).parents[2]
ENDPOINT = "image/root/etc/systemd/system/diemcau-endpoint.service.d/10-image.conf"
RUNNING, NEWER, NEWEST = "0.1.0+202611280000", "0.2.0+202612010000", "0.10.0+202612010000"


def bundle(version: str, name: str = "") -> Bundle:
    return Bundle(Path(f"{name or version}.raucb"), version)


def test_the_newest_by_number_is_chosen() -> None:
    found = [bundle(NEWEST), bundle(NEWER), bundle("", "zzz"), bundle("nightly")]
    assert choose_bundle(found, RUNNING, ()).bundle == bundle(NEWEST)


def test_the_same_release_is_not_installed_again() -> None:
    chosen = choose_bundle([bundle(RUNNING)], RUNNING, ())
    assert (chosen.bundle, chosen.reason) == (None, f"{RUNNING} runs already")


def test_a_release_that_did_not_stay_is_not_tried_at_each_start() -> None:
    assert choose_bundle([bundle(RUNNING), bundle(NEWER)], RUNNING, {NEWER}).refused
    assert choose_bundle([bundle(NEWEST), bundle(NEWER)], RUNNING, {NEWER}).bundle == bundle(NEWEST)


def test_an_older_one_is_left_to_rauc_to_refuse() -> None:
    assert choose_bundle([bundle(RUNNING)], NEWER, ()).bundle == bundle(RUNNING)


def test_what_rauc_does_not_vouch_for_is_offered_for_its_reason_alone() -> None:
    assert choose_bundle([bundle("", "a"), bundle("", "b")], RUNNING, ()).bundle == bundle("", "b")
    assert choose_bundle([bundle("", "z"), bundle(RUNNING)], RUNNING, ()).bundle is None
    assert choose_bundle([], RUNNING, ()).reason == "no bundle"


@pytest.mark.parametrize(("kind", "name"), [("diemcau-arm64", "pi4"), ("diemcau-rpi5", "pi5")])
def test_one_stick_serves_both_kinds_of_box(tmp_path: Path, kind: str, name: str) -> None:
    """The other kind's is newer; chosen by number alone, RAUC would refuse it at half of them."""
    found = [
        Bundle(Path("pi4.raucb"), NEWER if kind == "diemcau-arm64" else NEWEST, "diemcau-arm64"),
        Bundle(Path("pi5.raucb"), NEWER if kind == "diemcau-rpi5" else NEWEST, "diemcau-rpi5"),
    ]
    settings = tmp_path / "etc/rauc/system.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        (ROOT / "image/root/etc/rauc/system.conf")
        .read_text()
        .replace("compatible=diemcau-arm64", f"compatible={kind}")
    )
    chosen = choose_bundle(found, RUNNING, (), kind_of_box(tmp_path)).bundle
    assert chosen is not None
    assert chosen.path.stem == name
    alone = [one for one in found if one.compatible != kind]
    assert choose_bundle(alone, RUNNING, (), kind).bundle == alone[0], "RAUC says why not"
    assert kind_of_box(tmp_path / "none") == ""


def test_bundles_are_looked_for_in_the_topmost_folder(tmp_path: Path) -> None:
    for name in ("b.raucb", "A.RAUCB", "._b.raucb", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "c.raucb").mkdir()
    assert [one.path.name for one in find_bundles(tmp_path)] == ["A.RAUCB", "b.raucb"]
    for number in range(3 * MAX_BUNDLES):
        (tmp_path / f"{number:03}.raucb").write_bytes(b"")
    assert len(find_bundles(tmp_path)) == MAX_BUNDLES


def waited(root: Path, *states: str) -> tuple[float, str]:
    """How long the stick waits while the confirmation goes through `states`, and what then."""
    hours, left = [0.0], list(states)
    reason = wait_until_confirmed(
        root,
        lambda: None,
        ask=lambda: left.pop(0) if len(left) > 1 else left[0],
        monotonic=lambda: hours[0],
        pause=lambda seconds: hours.append(hours.pop() + seconds),
    )
    return hours[0], reason


def said(state: str, restarts: int = 0) -> str:
    """As `systemctl show` does."""
    return f"NRestarts={restarts}\nActiveState={state}\n"


def test_nothing_is_installed_before_the_slot_is_judged(tmp_path: Path) -> None:
    assert waited(tmp_path, said("active")) == (0, "")
    assert waited(tmp_path, said("active", 3)) == (0, "")
    going = said("activating")
    assert waited(tmp_path, said("inactive"), going, going, said("active")) == (
        3 * POLL_INTERVAL_S,
        "",
    )


def test_a_gate_that_is_missed_with_nowhere_to_fall_does_not_keep_the_remedy_out(
    tmp_path: Path,
) -> None:
    # "failed" is said as well just before the machine restarts into the other slot.
    missed = waited(tmp_path, said("activating"), said("failed"), said("activating", 1))
    assert missed == (2 * POLL_INTERVAL_S, "")


@pytest.mark.parametrize("words", ["", "rubbish\n", said("activating"), said("failed")])
def test_where_nothing_is_known_nothing_is_installed(tmp_path: Path, words: str) -> None:
    assert waited(tmp_path, words) == (DEADLINE_S, STILL_OPEN)


def test_the_patience_is_longer_than_the_gate_can_take() -> None:
    endpoint = (ROOT / ENDPOINT).read_text()
    confirm = (ROOT / "image/units/diemcau-confirm.service").read_text()
    start = re.search(r"^TimeoutStartSec=(\d+)$", endpoint, re.MULTILINE)
    pause = re.search(r"^RestartSec=(\d+)$", confirm, re.MULTILINE)
    within = next(one.default for one in confirm_command.params if one.name == "within")
    assert start
    assert pause
    assert isinstance(within, float)
    assert float(start[1]) + within + float(pause[1]) < DEADLINE_S


def test_in_rescue_nothing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / RESCUE_FLAG).parent.mkdir(parents=True)
    (tmp_path / RESCUE_FLAG).write_text("7")
    assert waited(tmp_path, said("activating")) == (0, "")


def test_where_the_rescue_is_said(tmp_path: Path) -> None:
    assert Path("/") / RESCUE_FLAG == Path(attempt_marks.RESCUE_FOLDER) / attempt_marks.RESCUE_FLAG
