"""The program as it is started: by one command, with the first account, on a plain machine."""

import stat
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from services.province.command import province
from tests.province.program import a_province

pytestmark = pytest.mark.timeout(300)


async def test_one_command_and_the_first_administrator_logs_in(tmp_path: Path) -> None:
    async with a_province(tmp_path, "--name", "Gia Lai") as program:
        path = program.data / "administrator-password"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        password = program.password
        assert len(password) >= 16
        async with httpx.AsyncClient(base_url=program.url, trust_env=False, timeout=30) as http:
            assert "Gia Lai" in (await http.get("/login")).text
            door = {"name": "admin", "password": password}
            assert (await http.post("/login", data=door)).status_code == 303
            assert (await http.get("/accounts")).status_code == 200
        path.unlink()
    # It ended when it was told to, and never said the password.
    assert program.process.returncode == 0, program.log.read_text()
    assert password not in program.log.read_text()

    # The second start makes no second account.
    async with a_province(tmp_path, "--name", "Gia Lai") as again:
        assert not path.exists()
        async with httpx.AsyncClient(base_url=again.url, trust_env=False, timeout=30) as http:
            assert (await http.post("/login", data=door)).status_code == 303


def test_it_says_what_is_wrong_with_its_options(tmp_path: Path) -> None:
    certificate = tmp_path / "c.pem"
    certificate.write_text("")
    done = CliRunner().invoke(province, ["--cert", str(certificate)])
    assert done.exit_code == 2
    assert "--cert and --key go together" in done.output
