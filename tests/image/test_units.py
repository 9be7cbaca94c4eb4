"""The units of the box: systemd accepts each, and each is shut in as the house demands."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.base.fact_file import SITE_FILE
from services.provisioning.second_copy import IDENTITY, NEXT_KEY
from services.support.shell import DROP_IN as GRANT

ROOT = Path(__file__).parents[2]
# The province's runs on a server, and has a test of its own.
UNITS = sorted(
    [
        *ROOT.glob("image/units/*"),
        *(unit for unit in ROOT.glob("services/*/*.service") if unit.parent.name != "province"),
        *ROOT.glob("services/*/*.mount"),
        *ROOT.glob("services/*/*.timer"),
    ]
)
DROP_INS = ROOT / "image/root/etc/systemd/system"
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
SUPPORT = "diemcau-support.service"
"""A root shell for who stands before the box: to be able to do everything is what it is for, so it
is not shut in. In its place: nothing starts it but a verified grant, and it ends by itself."""
BRING_UP = "diemcau-bringup.service"
"""Mounts, restarts, crashes and hangs the box: not shut in either. In its place: only a word of the
kernel's own command line starts it, which a bring-up card alone has, and it listens to nobody."""
SHUT_IN = [unit for unit in SERVICES if unit.name not in (SUPPORT, BRING_UP)]
HIGHEST_EXPOSURE = 2.5
BORROWED = ("seatd.service", "dbus.service")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=110
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that has our units, what they start, and systemd's own units; nothing runs."""
    folder = tmp_path_factory.mktemp("root")
    units = folder / "usr/lib/systemd/system"
    shutil.copytree("/lib/systemd/system", units, symlinks=True)
    for unit in UNITS:
        shutil.copy(unit, units)
    shutil.copytree(DROP_INS, folder / "etc/systemd/system")
    for name in BORROWED:
        if not (units / name).exists():
            (units / name).write_text("[Service]\nExecStart=/usr/bin/true\n")
    programs = {word for unit in UNITS for word in re.findall(r"/usr/bin/\S+", unit.read_text())}
    for program in programs | {"/usr/bin/true"}:
        stub = folder / program.removeprefix("/")
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text("#!/bin/sh\n")
        stub.chmod(0o755)
    return folder


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_the_unit(unit: Path, root: Path) -> None:
    name = unit.name.replace("@.", "@sda1.")
    done = analyze("verify", f"--root={root}", "--man=no", "--recursive-errors=no", name)
    ours = [line for line in done.stderr.splitlines() if "diemcau" in line or unit.name in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", SHUT_IN, ids=lambda unit: unit.name)
def test_the_unit_is_shut_in(unit: Path, root: Path) -> None:
    done = analyze("security", "--offline=yes", f"--root={root}", "--no-pager", unit.name)
    # systemd gives a template an instance of its own choice.
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= HIGHEST_EXPOSURE, done.stdout


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_nothing_waits_for_network_or_clock(unit: Path) -> None:
    waited = re.findall(r"^(?:After|Requires|Wants|BindsTo)=(.*)$", unit.read_text(), re.MULTILINE)
    forbidden = {"network-online.target", "time-sync.target", "systemd-time-wait-sync.service"}
    assert not forbidden & {name for line in waited for name in line.split()}


@pytest.mark.parametrize("unit", SHUT_IN, ids=lambda unit: unit.name)
def test_what_runs_for_ever_is_started_for_ever_and_has_a_limit(unit: Path) -> None:
    text = unit.read_text()
    assert re.search(r"^MemoryMax=\d+M$", text, re.MULTILINE)
    if "Type=oneshot" not in text:
        assert "\nRestart=always\n" in text
        assert "\nStartLimitIntervalSec=0\n" in text


def test_every_unit_is_installed_and_what_is_to_start_by_itself_is_enabled(tmp_path: Path) -> None:
    installed = re.findall(
        r'(?:"\$program"/)?(\S+/\*\.\w+)', (ROOT / "image/recipe/root").read_text()
    )
    units = tmp_path / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    shutil.copytree(DROP_INS.parent / "system-preset", tmp_path / "etc/systemd/system-preset")
    for unit in UNITS:
        assert any(unit.relative_to(ROOT).match(pattern) for pattern in installed), unit.name
        shutil.copy(unit, units)
    words = ("systemctl", f"--root={tmp_path}", "preset-all")
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    enabled = {link.name for link in (tmp_path / "etc/systemd/system").glob("*.wants/*")}
    assert enabled == {unit.name for unit in UNITS if "\n[Install]\n" in unit.read_text()}


def test_what_is_watched_is_what_is_kept() -> None:
    text = (ROOT / "image/units/diemcau-keep.path").read_text()
    watched = re.findall(r"^PathChanged=(.*)$", text, re.MULTILINE)
    assert watched == [f"/data/{name}" for name in (IDENTITY, NEXT_KEY)]


def test_a_boot_partition_that_comes_late_is_looked_at_and_what_waited_for_it_is_started() -> None:
    """It came too late for systemd in an emulated board: the box was taken for a new one."""
    first_boot = (ROOT / "image/units/diemcau-first-boot.service").read_text()
    rules = (ROOT / "image/root/etc/udev/rules.d/61-diemcau.rules").read_text()
    (boot,) = (line for line in rules.splitlines() if 'SYMLINK+="diemcau/boot"' in line)
    assert 'ENV{SYSTEMD_WANTS}+="diemcau-first-boot.service"' in boot
    (started,) = re.findall(r"^OnSuccess=(.*)$", first_boot, re.MULTILINE)
    waiting = [
        unit
        for unit in [*UNITS, *DROP_INS.rglob("*.conf")]
        if re.search(
            r"^ConditionPathExists=!?/data/site/site.toml$", unit.read_text(), re.MULTILINE
        )
    ]
    names = {one.name if one in UNITS else one.parent.name.removesuffix(".d") for one in waiting}
    # What a timer starts comes again by itself.
    assert set(started.split()) == {
        unit.name for unit in UNITS if unit.name in names and "\n[Install]\n" in unit.read_text()
    }
    assert (
        f"=/run/diemcau/{SITE_FILE.name}\n"
        in (ROOT / "image/units/diemcau-unconfigured.service").read_text()
    )


def test_nothing_listens() -> None:
    for unit in UNITS:
        assert unit.suffix != ".socket"
        assert "Listen" not in unit.read_text()


def test_the_support_shell_starts_by_a_grant_alone_and_ends_by_itself() -> None:
    support = ROOT / "services/support" / SUPPORT
    text = support.read_text()
    assert f"\nConditionPathExists=/{GRANT}\n" in text
    assert re.search(r"^RuntimeMaxSec=1min$", text, re.MULTILINE)
    assert "[Install]" not in text
    assert "Restart=" not in text
    assert f"\nExecStopPost=-/usr/bin/rm -f /{GRANT}\n" in text
    others = [unit for unit in [*UNITS, *DROP_INS.rglob("*.conf")] if unit.name != SUPPORT]
    assert not [unit.name for unit in others if "diemcau-support" in unit.read_text()]


def test_a_bring_up_needs_the_card_that_is_for_it() -> None:
    text = (ROOT / "services/bringup" / BRING_UP).read_text()
    word = re.search(r"^ConditionKernelCommandLine=(\S+)$", text, re.MULTILINE)
    assert word is not None
    assert re.search(r"^MemoryMax=\d+M$", text, re.MULTILINE)
    shipped = "".join(file.read_text() for file in (ROOT / "image/boot").glob("*.env"))
    assert word[1] not in shipped
    assert f" {word[1]}/" in (ROOT / "image/bring-up").read_text()
    # A renewal of the boot files would take the word away.
    renewal = (ROOT / "services/updates/diemcau-boot-partition.service").read_text()
    assert f"\nConditionKernelCommandLine=!{word[1]}\n" in renewal


def test_a_stick_is_read_only_and_runs_nothing() -> None:
    (mount,) = (unit for unit in UNITS if unit.name == r"run-diemcau\x2dstick.mount")
    options = re.search(r"^Options=(.*)$", mount.read_text(), re.MULTILINE)
    assert options is not None
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(options[1].split(","))
    # A read-only ext4 replays its journal, and may have the kernel panic for what it finds.
    assert re.findall(r"^Type=(.*)$", mount.read_text(), re.MULTILINE) == ["vfat"]
