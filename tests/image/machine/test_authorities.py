"""RAUC itself, by the box's own settings, tells whose bundle it is; no machine is started."""

import filecmp
import subprocess
from pathlib import Path

import pytest

from tests.image.machine.guest.bundles import bundle, only_header, slot_with
from tests.image.machine.guest.emulator import BUILD, PATIENCE, ROOT, TOOLS, in_tools

RUN = BUILD / "authorities"
VERSION = "9.0.0+209901010000"
SETTINGS = "image/root/etc/rauc/system.conf"

pytestmark = pytest.mark.timeout(PATIENCE)


def here(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def kinds() -> dict[str, Path]:
    """Each kind's folder; development is what this machine signs with."""
    in_tools("rm", "-rf", here(RUN))
    RUN.mkdir(parents=True)
    for kind in ("provisioning", "release"):
        in_tools("image/recipe/keys", kind, here(RUN / kind))
    return {kind: RUN / kind for kind in ("provisioning", "release")} | {
        "development": BUILD / "keys"
    }


@pytest.fixture(scope="module")
def bundles(kinds: dict[str, Path]) -> dict[str, Path]:
    """One of development, and the same signed anew for release."""
    ours = RUN / "development.raucb"
    bundle(ours, only_header(slot_with(RUN / "slot.img", VERSION)), VERSION)
    theirs = RUN / "release.raucb"
    in_tools(
        "rauc", "-c", SETTINGS, "resign", f"--cert={here(kinds['release'] / 'signer.pem')}",
        f"--key={here(kinds['release'] / 'signer.key')}",
        f"--keyring={here(kinds['development'] / 'keyring.pem')}",
        f"--signing-keyring={here(kinds['release'] / 'keyring.pem')}", here(ours), here(theirs),
    )  # fmt: skip
    return {"development": ours, "release": theirs}


def vouches(keyring: Path, path: Path) -> bool:
    words = ("rauc", "-c", SETTINGS, "info", f"--keyring={here(keyring)}", here(path))
    done = subprocess.run([TOOLS, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "signature verification failed" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.parametrize("signed", ["development", "release"])
@pytest.mark.parametrize("trusted", ["development", "release", "provisioning"])
def test_each_image_takes_the_bundles_of_one_authority(
    kinds: dict[str, Path], bundles: dict[str, Path], signed: str, trusted: str
) -> None:
    assert vouches(kinds[trusted] / "keyring.pem", bundles[signed]) == (signed == trusted)


def test_a_signer_of_grants_signs_no_bundle(kinds: dict[str, Path]) -> None:
    slot = only_header(slot_with(RUN / "slot.img", VERSION))
    with pytest.raises(AssertionError, match="purpose"):
        bundle(RUN / "grant.raucb", slot, VERSION, keys=kinds["provisioning"])


def test_the_root_that_was_built_trusts_this_machine_alone() -> None:
    root, keys = BUILD / "root/etc", BUILD / "keys"
    assert filecmp.cmp(root / "rauc/keyring.pem", keys / "keyring.pem", shallow=False)
    wanted = keys / "provisioning/keyring.pem"
    assert filecmp.cmp(root / "diemcau/provisioning.pem", wanted, shallow=False)
    for file in ("rauc/keyring.pem", "diemcau/provisioning.pem"):
        assert (root / file).read_text().count("BEGIN CERTIFICATE") == 1
