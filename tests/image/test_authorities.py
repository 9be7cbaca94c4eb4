"""Development, provisioning and release are kept apart by the recipe that makes them."""

import os
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

ROOT = Path(__file__).parents[2]
KINDS = {
    "development": Usage.CODE_SIGNING,
    "provisioning": Usage.EMAIL_PROTECTION,
    "release": Usage.CODE_SIGNING,
}


def keys(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "image/recipe/keys", *words], capture_output=True, text=True, check=False,
        timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_authority_and_signer_are_good_for_one_thing(kind: str, tmp_path: Path) -> None:
    assert keys(kind, tmp_path / kind).returncode == 0
    for name, who in (("keyring.pem", "authority"), ("signer.pem", "signer")):
        found = x509.load_pem_x509_certificate((tmp_path / kind / name).read_bytes())
        assert found.subject.rfc4514_string() == f"CN=diemcau {kind} {who}"
        usages = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usages) == [KINDS[kind]]
        constraints = found.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert constraints.ca == (who == "authority")
    for key in (tmp_path / kind).glob("*.key"):
        assert key.stat().st_mode & 0o077 == 0


def test_an_authority_is_never_overwritten(tmp_path: Path) -> None:
    keys("development", tmp_path)
    before = (tmp_path / "authority.key").read_bytes()
    assert keys("release", tmp_path).returncode == 1
    assert (tmp_path / "authority.key").read_bytes() == before


def test_another_kind_is_none(tmp_path: Path) -> None:
    assert keys("everything", tmp_path / "x").returncode == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("one", ["KEYRING", "PROVISIONING"])
def test_an_image_never_trusts_half_a_release_and_half_this_machine(one: str) -> None:
    done = subprocess.run(
        [ROOT / "image/build"], env=os.environ | {one: "/none"}, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert (done.returncode, "both or neither" in done.stderr) == (1, True)
