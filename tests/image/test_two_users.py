"""What parses strangers' media cannot read the site's key: two users, by the image's own files.

sysusers and tmpfiles run as in the image, on a root of their own; setpriv(1) tries as each user.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.health.credentials import Credentials

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "image/root/etc"
HEALTH, ENDPOINT = "diemcau", "diemcau-endpoint"
KEY = "data/health/next-key.pem"

PROGRAMS = ("setpriv", "systemd-sysusers", "systemd-tmpfiles")
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or None in map(shutil.which, PROGRAMS),
    reason=f"needs root and {', '.join(PROGRAMS)}",
)


def user_of(unit: str) -> str:
    found = re.findall(r"^User=(.+)$", (ROOT / unit).read_text(), re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def test_who_reads_what_strangers_send_is_another_user_than_the_key_s() -> None:
    assert user_of("services/health/diemcau-health.service") == HEALTH
    assert user_of("services/endpoint/diemcau-endpoint.service") == ENDPOINT
    # X lets in its own user alone; so they are one, and none of them is the key's.
    assert user_of("image/units/diemcau-screen.service") == ENDPOINT
    assert user_of("image/units/diemcau-unconfigured.service") == ENDPOINT


def test_no_unit_gives_the_fact_files_folder_to_its_user() -> None:
    """With ``RuntimeDirectory=`` systemd gives it to whoever starts last, and the others write no
    more."""
    for folder in ("image", "services"):
        for unit in (ROOT / folder).rglob("*"):
            if unit.is_file() and unit.suffix in (".service", ".conf"):
                assert "\nRuntimeDirectory=diemcau\n" not in unit.read_text(), unit


def as_user(users: dict[str, tuple[int, int]], name: str, *words: str) -> int:
    """Exit code of `words`, as that user with the groups that its unit gives it."""
    uid, gid = users[name]
    groups = {gid, users[HEALTH][1]}
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--no-new-privs"]
    setpriv += ["--inh-caps=-all", "--bounding-set=-all"]
    setpriv += [f"--groups={','.join(map(str, sorted(groups)))}"]
    return subprocess.run([*setpriv, *words], capture_output=True, check=False).returncode


@pytest.fixture
def box() -> Iterator[Path]:
    """A root that anybody may walk into, with the image's users, and data as one user left them."""
    folder = Path(tempfile.mkdtemp(prefix="diemcau-users-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        for name in ("sysusers.d", "tmpfiles.d"):
            shutil.copytree(IMAGE / name, folder / "etc" / name)
        (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        groups = "root:x:0:\nvideo:x:44:\naudio:x:29:\nrender:x:105:\ninput:x:106:\n"
        (folder / "etc/group").write_text(groups)
        sysusers = [
            "systemd-sysusers",
            f"--root={folder}",
            str(folder / "etc/sysusers.d/diemcau.conf"),
        ]
        subprocess.run(sysusers, check=True, capture_output=True)
        for path in ("data/endpoint/agenda", "data/health"):
            (folder / path).mkdir(parents=True, mode=0o750)
        (folder / "data").chmod(0o755)
        (folder / "data/endpoint/agenda/agenda.feed").write_text("a feed\n")
        (folder / "data/endpoint/dismissed.json").write_text("{}")
        Credentials(folder / "data/health").next_key()
        for entry in (folder / "data").rglob("*"):
            os.chown(entry, 900, 900)
            if entry.is_file():
                entry.chmod(0o600)
        yield folder
    finally:
        shutil.rmtree(folder)


def users_of(box: Path) -> dict[str, tuple[int, int]]:
    lines = [line.split(":") for line in (box / "etc/passwd").read_text().splitlines()]
    return {name: (int(uid), int(gid)) for name, _, uid, gid, *_ in lines}


def start(box: Path) -> None:
    """What each start of the box does before any program of ours."""
    conf = str(box / "etc/tmpfiles.d/diemcau.conf")
    subprocess.run(["systemd-tmpfiles", "--create", f"--root={box}", conf], check=True)


@needs_root
def test_the_endpoint_cannot_read_the_key_and_health_can(box: Path) -> None:
    start(box)
    users, key = users_of(box), str(box / KEY)
    assert users[HEALTH][0] != users[ENDPOINT][0]
    assert as_user(users, HEALTH, "cat", key) == 0
    for words in (
        ("cat", key),
        ("ls", str(box / "data/health")),
        ("touch", str(box / "data/health/new")),
        ("rm", "-f", key),
        ("mv", key, str(box / "run/diemcau/key")),
    ):
        assert as_user(users, ENDPOINT, *words) != 0, words
    assert as_user(users, HEALTH, "cat", key) == 0


@needs_root
def test_data_of_one_user_become_the_endpoint_s_and_the_key_stays(box: Path) -> None:
    before = (box / KEY).stat()
    for _ in range(2):
        start(box)
        users = users_of(box)
        for path in ("agenda/agenda.feed", "dismissed.json", "agenda", ""):
            found = (box / "data/endpoint" / path).stat()
            assert found.st_uid == users[ENDPOINT][0], path
    assert as_user(users, ENDPOINT, "cat", str(box / "data/endpoint/agenda/agenda.feed")) == 0
    assert as_user(users, ENDPOINT, "touch", str(box / "data/endpoint/agenda/new")) == 0
    after = (box / KEY).stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    # The release in the other slot runs its one user as that uid: it finds its key.
    assert after.st_uid == 900


@needs_root
def test_each_writes_its_own_fact_file_and_nobody_another_s(box: Path) -> None:
    start(box)
    users, run = users_of(box), box / "run/diemcau"
    for name, file in ((HEALTH, "health.json"), (ENDPOINT, "endpoint.json")):
        fresh = str(run / f".{file}.new")
        assert as_user(users, name, "touch", fresh) == 0
        assert as_user(users, name, "mv", fresh, str(run / file)) == 0
    assert as_user(users, ENDPOINT, "touch", str(run / "forged")) == 0
    for name, file in ((ENDPOINT, "health.json"), (HEALTH, "endpoint.json")):
        assert as_user(users, name, "rm", "-f", str(run / file)) != 0
        assert as_user(users, name, "mv", "-f", str(run / "forged"), str(run / file)) != 0
