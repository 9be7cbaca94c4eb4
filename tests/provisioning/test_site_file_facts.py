"""What first boot tells the other programs of the site file on the card."""

import os
from math import inf
from pathlib import Path

import pytest

from appliance.base.fact_file import SITE_FILE
from appliance.base.site_file import SiteFileProblem
from appliance.wire.facts import MAX_FACTS_BYTES, SiteFileFacts, print_facts
from services.card.site_file_on_card import take_apart
from services.provisioning.first_boot_command import apply
from services.provisioning.site_file_facts import (
    MAX_PROBLEMS,
    MAX_SENTENCE_CHARS,
    site_file_facts,
)
from tests.provisioning.site_files import SECRET, site


def test_the_first_fault_is_told_in_vietnamese_with_its_line_and_without_its_value() -> None:
    text = site() + b'[network]\naddress = "10.20.30.40/24"\ngateway = "10.9.9.9"\n'
    told = site_file_facts(take_apart(text).problems)
    assert told.first_vi.startswith("dòng 12: network.gateway: không nằm trong mạng")
    assert "10.9.9.9" not in told.first_vi


class Box:
    """A card and a box; each `start` is one first boot with an empty folder of facts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.boot = folder / "boot"
        for name in ("boot", "data"):
            (folder / name).mkdir()

    def start(self) -> tuple[str, ...] | None:
        """The problems that were told; None where nothing was."""
        run = self._folder / "run"
        for left in run.glob("*"):
            left.unlink()
        run.mkdir(exist_ok=True)
        apply(self.boot, self._folder / "data", os.getgid(), "10000000abcdef", run=run)
        facts = SITE_FILE.read(run, 0.0, inf)
        return facts.problems if facts else None


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_each_problem_is_told_with_line_and_remedy_at_every_start(box: Box) -> None:
    (box.boot / "site.toml").write_bytes(site(broken=True) + b'broken = "x"\n')
    told = (
        "line 10: secrets.broken: unknown key; one of sip_password, claim, wifi_password",
        "line 2: site.id: has the wrong form; small letters, digits and hyphens, e.g. ia-kly",
    )
    assert box.start() == told
    assert box.start() == told, "it lies there still"
    (box.boot / "site.toml").write_bytes(site())
    assert box.start() == ()


def test_a_good_file_and_no_file_have_no_problems(box: Box) -> None:
    assert box.start() == ()
    (box.boot / "site.toml").write_bytes(site())
    assert box.start() == ()
    assert box.start() == (), "of a file that was taken already"


def test_no_secret_and_no_value_is_told(box: Box) -> None:
    lines = (
        'entry_queue = "1234, 9999 #"',
        'user = "7200:matkhau"',
        "registrar = 5060",
        "[secrets]",
        f'sip_pasword = "{SECRET}"',
        f'claim = "{SECRET}\\q"',
        f'password "{SECRET}"',
    )
    text = site().split(b"[secrets]")[0].decode().replace("https", "htps")
    (box.boot / "site.toml").write_text(text + "\n".join(lines))
    problems = box.start()
    assert problems is not None
    assert len(problems) == 7
    said = " ".join(problems)
    for value in (SECRET, "1234, 9999", "matkhau", "5060", "htps", "ia-kly.ics"):
        assert value not in said
    assert "line 5: agenda.url: has the wrong form" in said


def test_without_a_folder_of_facts_the_settings_are_taken_all_the_same(tmp_path: Path) -> None:
    box = Box(tmp_path)
    (box.boot / "site.toml").write_bytes(site())
    apply(box.boot, tmp_path / "data", os.getgid(), "-", run=tmp_path / "nowhere")
    assert (tmp_path / "data/site/site.toml").exists()
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_costs_no_settings(tmp_path: Path) -> None:
    box = Box(tmp_path)
    (box.boot / "site.toml").write_bytes(site())
    # A folder in the file's place refuses root as well.
    (tmp_path / "run/site-file.json/in").mkdir(parents=True)
    apply(box.boot, tmp_path / "data", os.getgid(), "-", run=tmp_path / "run")
    assert (tmp_path / "data/site/site.toml").exists()


def test_problems_without_end_fit_into_the_facts() -> None:
    one = SiteFileProblem(3, "k" * 10**6, "unknown key", "one of a, b")
    facts = site_file_facts([one] * 5000)
    assert facts.problems[-1] == f"and {5000 - MAX_PROBLEMS} more, see RESULT.txt on the card"
    assert {len(told) for told in facts.problems[:-1]} == {MAX_SENTENCE_CHARS}
    assert len(print_facts(facts)) < MAX_FACTS_BYTES
    assert site_file_facts([]) == SiteFileFacts()


def test_who_reads_the_card_sees_the_values() -> None:
    problems = take_apart(site(broken=True)).problems
    assert [str(one) for one in problems] == [
        "line 2: site.id: 'Ia Kly' has the wrong form;"
        " small letters, digits and hyphens, e.g. ia-kly"
    ]
