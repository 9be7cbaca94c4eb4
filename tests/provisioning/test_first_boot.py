"""First boot on real folders: the same plan, done by the file system."""

import os
import subprocess
import sys
from math import inf
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.base.fact_file import SITE_FILE
from services.command import main
from services.provisioning.disk import find_in_force, find_site_file
from services.provisioning.first_boot_command import apply
from services.provisioning.time_servers import DROP_IN
from tests.provisioning.site_files import SECRET, site


@pytest.fixture
def disks(tmp_path: Path) -> tuple[Path, Path]:
    boot, data = tmp_path / "boot", tmp_path / "data"
    boot.mkdir()
    data.mkdir()
    return boot, data


def test_import_on_real_folders(disks: tuple[Path, Path]) -> None:
    boot, data = disks
    (boot / "SITE.TOML").write_bytes(site())
    apply(boot, data, os.getgid(), "10000000abcdef")
    assert (data / "site" / "secrets" / "sip-password").read_text() == SECRET
    assert (data / "site" / "secrets" / "sip-password").stat().st_mode & 0o777 == 0o640
    assert SECRET.encode() not in (boot / "SITE.TOML").read_bytes()
    kept = find_in_force(data)
    assert kept is not None
    assert kept.settled
    again = (boot / "RESULT.txt").stat().st_mtime_ns
    apply(boot, data, os.getgid(), "10000000abcdef")
    assert (boot / "RESULT.txt").stat().st_mtime_ns == again


def test_new_settings_take_the_place_of_the_old(disks: tuple[Path, Path]) -> None:
    boot, data = disks
    for name in ("Xã Ia Kly", "Xã Ia Phí"):
        (boot / "site.toml").write_bytes(site(name))
        apply(boot, data, os.getgid(), "-")
        assert name in (data / "site" / "site.toml").read_text()
    assert [entry.name for entry in (data / "site.d").iterdir()] == ["2"]


def test_what_a_broken_data_partition_left_is_taken_anew(disks: tuple[Path, Path]) -> None:
    boot, data = disks
    (boot / "site.toml").write_bytes(site())
    apply(boot, data, os.getgid(), "-")
    (data / "site" / "record.json").write_bytes(b"")
    assert find_in_force(data) is None
    (boot / "site.toml").write_bytes(site("Xã Ia Phí"))
    apply(boot, data, os.getgid(), "-")
    assert find_in_force(data) is not None


def test_a_folder_that_was_copied_whole_is_named(disks: tuple[Path, Path]) -> None:
    boot, data = disks
    for folder in ("a", "ia-kly"):  # the first has the boot files of a release
        (boot / folder).mkdir()
    (boot / "ia-kly" / "Site.toml.txt").write_bytes(site())
    apply(boot, data, os.getgid(), "-")
    assert "trong thư mục ia-kly" in (boot / "RESULT.txt").read_text("utf-8-sig")
    assert SECRET.encode() in (boot / "ia-kly" / "Site.toml.txt").read_bytes(), "nothing was taken"
    assert find_in_force(data) is None
    (boot / "ia-kly" / "Site.toml.txt").rename(boot / "site.toml")
    apply(boot, data, os.getgid(), "-")
    assert "trong thư mục" not in (boot / "RESULT.txt").read_text("utf-8-sig")
    assert find_in_force(data) is not None


def test_a_huge_file_is_not_read_whole(disks: tuple[Path, Path]) -> None:
    boot, _ = disks
    (boot / "site.toml").write_bytes(b"#" * 1_000_000)
    found = find_site_file(boot)
    assert found is not None
    assert len(found[1]) == 262_144


@pytest.mark.parametrize(("content", "code"), [(site(), 0), (site(broken=True), 3), (None, 3)])
def test_the_command_says_whether_settings_are_in_force(
    disks: tuple[Path, Path], content: bytes | None, code: int
) -> None:
    boot, data = disks
    if content is not None:
        (boot / "site.toml").write_bytes(content)
    run = boot.with_name("run")
    run.mkdir()
    words = ["first-boot", "--boot", str(boot), "--data", str(data), "--group", "nobody-here"]
    words += ["--run", str(run)]
    done = subprocess.run(
        [sys.executable, "-m", "services.command", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert (boot / "RESULT.txt").exists()
    facts = SITE_FILE.read(run, 0.0, inf)
    assert facts is not None
    assert len(facts.problems) == (content == site(broken=True))
    assert facts.ended, "the slot check waits for that"


def test_timesyncd_is_told_the_time_servers_of_the_settings_in_force(
    disks: tuple[Path, Path],
) -> None:
    boot, data = disks
    folder = boot.with_name("timesyncd.conf.d")
    folder.mkdir()
    words = ["first-boot", "--boot", str(boot), "--data", str(data), "--group", "nobody-here"]
    words += ["--timesyncd", str(folder), "--run", str(boot.with_name("none"))]
    named = b'[clock]\nservers = ["ntp.gialai.gov.vn", "10.0.0.1"]\n'
    for content, said in ((site() + named, True), (site(broken=True), True), (site(), False)):
        (boot / "site.toml").write_bytes(content)
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0
        # A card's file that is refused leaves the settings in force as they are.
        assert ("time servers: ntp.gialai.gov.vn, 10.0.0.1" in done.output) is said
        written = folder / DROP_IN
        assert written.exists() is said
        if said:
            assert written.read_text() == "[Time]\nNTP=ntp.gialai.gov.vn 10.0.0.1\n"
            assert written.stat().st_mode & 0o777 == 0o644, "timesyncd reads it as another user"
