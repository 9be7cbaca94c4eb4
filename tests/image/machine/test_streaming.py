"""An update from an address: only what the running slot does not have comes over the line."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import bundle
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, Machine, copy_of, in_tools
from tests.image.machine.guest.questions import SITE, prepare, with_data
from tests.image.machine.guest.release_server import Releases, releases
from tests.image.machine.guest.restarts import restart, settled

RUN = BUILD / "streaming"
NEXT = "0.1.1+209901010000"
PROGRAM = "usr/local/lib/python3.13/dist-packages"
CHANGED = f"{PROGRAM}/appliance/core/scenes.py"
MIB = 2**20
LARGEST_SHARE = 0.05
"""Of the slot, for one file of ours that has changed."""
NO_PORT = 9

pytestmark = pytest.mark.timeout(4 * PATIENCE)


def slot_with_one_file_changed(out: Path) -> Path:
    """The built root with one line more in one file of our program, as a slot of its own."""
    root = RUN / "root"
    subprocess.run(["cp", "-al", BUILD / "root", root], check=True, timeout=PATIENCE)
    shutil.copy(BUILD / "root.aliases", RUN)  # the guard asks what the kernel has beside it
    changed = root / CHANGED
    text = changed.read_text()
    for left in (changed, root / "usr/lib/os-release"):
        # A name of its own, so that the built root keeps what it has.
        content = left.read_bytes()
        left.unlink()
        left.write_bytes(content)
    changed.write_text(f"{text}\nCHANGED = 'one line'\n")
    here = RUN.relative_to(ROOT)
    compiled = ("python3", "-m", "compileall", "-q", "-f", "-s", f"{here}/root", "-p", "/")
    in_tools(*compiled, "--invalidation-mode", "unchecked-hash", f"{here}/root/{CHANGED}")
    words = ("SOURCE_DATE_EPOCH=4070908800", "image/recipe/slot", f"{here}/root")
    in_tools("env", *words, str(out.relative_to(ROOT)), NEXT, "d1e3ca17")
    shutil.rmtree(root)
    return out


@pytest.fixture(scope="module")
def card() -> Path:
    return copy_of(BUILD / "diemcau-virt.img", RUN)


@pytest.fixture(scope="module")
def server(card: Path) -> Iterator[Releases]:
    served = RUN / "served"
    served.mkdir()
    slot = slot_with_one_file_changed(RUN / "next.img")
    bundle(served / "next.raucb", slot, NEXT)
    with releases(served, RUN) as told:
        yield told


@pytest.fixture(scope="module")
def guest(card: Path, server: Releases) -> Iterator[Machine]:
    with_data(card, RUN / "ca.pem")
    prepare(card, SITE.format(port=NO_PORT))
    line = ("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")
    with Machine(card, *line) as machine:
        settled(machine)
        yield machine


def update(guest: Machine, server: Releases, *words: str) -> tuple[str, float, int]:
    """What `diemcau update` says, the MiB that it counted, and the bytes that were served."""
    before = server.sent
    said = guest.ask(
        f"diemcau update {' '.join(words)} --ca /data/ca.pem {server.url('next.raucb')};"
        " echo code $?"
    )
    found = re.search(r"([\d.]+) MiB came over the line", said)
    assert found, said
    return said, float(found[1]), server.sent - before


def test_an_authority_that_nobody_knows_is_refused(guest: Machine, server: Releases) -> None:
    """By us, who ask for the size, and by RAUC, who is asked at once where a budget is given."""
    refused = f"refused {server.url('next.raucb')}: "
    for budget in ("", "--most 400"):
        said = guest.ask(f"diemcau update {budget} {server.url('next.raucb')}; echo code $?")
        assert "code 1" in said
        assert server.sent == 0, said
        assert refused in guest.ask("diemcau slots show")
    journal = guest.ask("journalctl -b -u rauc --no-pager | grep -i certificate")
    assert "certificate" in journal.lower(), "refused, but not for its certificate"


def test_what_is_more_than_the_budget_is_given_up(guest: Machine, server: Releases) -> None:
    said, mib, _ = update(guest, server, "--most 1")
    assert "code 1" in said
    assert "more than the budget of 1048576 bytes has come" in said
    whole = (RUN / "served/next.raucb").stat().st_size / MIB
    assert 1 < mib < whole / 4, said
    told = guest.ask("diemcau slots show")
    assert "more than the budget" in told
    assert guest.ask("diemcau slots get-primary") == "A", told
    assert guest.ask("mount | grep rauc") == "", "the bundle is still mounted"


def test_one_changed_file_fetches_a_small_share_and_runs(guest: Machine, server: Releases) -> None:
    """Within the budget that the bundle's size gives it."""
    said, mib, sent = update(guest, server)
    assert "code 0" in said, said
    whole = (RUN / "next.img").stat().st_size
    bundled = (RUN / "served/next.raucb").stat().st_size
    (RUN / "fetched.txt").write_text(
        f"slot {whole / MIB:.1f} MiB, bundle {bundled / MIB:.1f} MiB; served {sent / MIB:.2f} MiB"
        f" ({sent / whole:.2%} of the slot), {mib:.1f} MiB with all headers\n"
    )
    assert sent < LARGEST_SHARE * whole, (RUN / "fetched.txt").read_text()
    assert sent / MIB < mib, "the box counts the packets, not only what they carry"
    restart(guest, "B")
    assert f"B {NEXT} good" in guest.ask("diemcau slots show")
    assert "one line" in guest.ask(f"tail -1 /{CHANGED}")
