"""The guide is made once."""

import pytest

from tests.guide.made import PAGES, Made, make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("guide")
    done = make(PAGES, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{folder}/huong-dan.html", f"{folder}/huong-dan.pdf"]
    return Made(folder)
