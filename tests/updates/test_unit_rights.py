"""The updater may end RAUC's fetching process, which is another user's, with its unit's rights."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.updates.budgeted_install import end_stream
from tests.image.unit_rights import USER, as_unit

UPDATER = Path(__file__).parents[2] / "services/updates/diemcau-updater.service"
END = "import sys; from services.updates.budgeted_install import end_stream as end; end({})"
SERVICE = f"""
import pwd, shutil, subprocess, sys
words, user = ["/proc/self/exe", "1000"], pwd.getpwnam("{USER}").pw_uid
child = subprocess.Popen(words, executable=shutil.which("sleep"), user=user)
print(flush=True)
sys.exit(-child.wait())
"""
"""RAUC's service and its child, as RAUC makes it (src/nbd.c: setuid to streaming_user)."""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="root's rights are to be taken away"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv(1)"),
]


def test_the_stream_of_another_user_is_ended() -> None:
    words = [sys.executable, "-c", SERVICE]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        service.stdout.readline()
        try:
            as_unit(UPDATER, sys.executable, "-c", END.format(service.pid))
            assert service.wait(timeout=10) == 9
        finally:
            end_stream(service.pid)
