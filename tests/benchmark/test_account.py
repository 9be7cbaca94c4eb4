"""The kernel's accounting, read right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmark.account import Tree, cpu_seconds, pss_mb
from tests.benchmark.programs import UNIT, unit_memory


def test_a_name_with_brackets_moves_no_field() -> None:
    stat = "42 (a) b) (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 7 20 0 3 0 100 1 1"
    assert cpu_seconds(stat) == pytest.approx(300 / os.sysconf("SC_CLK_TCK"))


def test_the_share_of_memory_is_pss_and_none_of_its_parts() -> None:
    rollup = "00-ff ---p 0 00:00 0 [rollup]\nRss: 9000 kB\nPss: 2048 kB\nPss_Anon: 1024 kB\n"
    assert pss_mb(rollup) == 2.0


def test_a_tree_is_a_process_with_its_children() -> None:
    inner = "import sys; print(flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    child = subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    tree = Tree(child.pid)
    assert len(tree.members()) == 2
    alone = pss_mb(Path(f"/proc/{child.pid}/smaps_rollup").read_text())
    assert tree.weigh() > alone
    assert tree.peak_mb > alone
    spent = tree.cpu()
    assert spent > 0
    child.stdin.close()
    child.wait(10)
    child.stdout.close()
    assert tree.members() == []
    assert tree.cpu() >= spent


def test_the_endpoint_is_measured_with_the_memory_of_its_unit() -> None:
    assert unit_memory("[Service]\nNice=-5\nEnvironment=MALLOC_ARENA_MAX=2\nEnvironment=A=1") == {
        "MALLOC_ARENA_MAX": "2"
    }
    assert unit_memory(UNIT.read_text())
