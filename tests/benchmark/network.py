"""A network of the bench's own, where one packet can be lost without touching the machine's."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_INSIDE = "DIEMCAU_BENCH_NETWORK"
_TABLE = "diemcau_bench"
MEDIA_BYTES = 600
"""A larger packet is one of a picture: sound and control stay below."""
_PREPARE = """\
set -e
mount -t sysfs none /sys
ip link set lo up
ip link add bench0 type veth peer name bench1
ip addr add 10.98.0.1/24 dev bench0
ip link set bench0 up
ip link set bench1 up
exec "$@"
"""


def inside() -> bool:
    """Whether this process has a network of its own."""
    return _INSIDE in os.environ


def enter() -> None:
    """Begin this program anew in a network of its own; returns where the machine allows none."""
    if inside():
        return
    apart = ["unshare", "--net", "--mount"]
    if os.geteuid() != 0:
        apart.append("--map-root-user")
    shell = [*apart, "sh", "-c", _PREPARE, "sh"]
    if subprocess.run([*shell, "true"], capture_output=True, check=False).returncode != 0:
        return
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", [*shell, sys.executable, "-m", "tests.benchmark", *sys.argv[1:]])  # noqa: S606


def why_not() -> str:
    """Why no packet can be lost here; "" where one can."""
    if not inside():
        return "no network namespace can be made here (needs root, or user namespaces)"
    if not shutil.which("nft"):
        return "nft is not installed"
    return ""


@contextlib.contextmanager
def one_lost(ports: set[int]) -> Iterator[None]:
    """Within the block exactly one packet of a picture on its way to these UDP ports is lost.

    Raises RuntimeError when none was.
    """
    listed = ", ".join(map(str, sorted(ports)))
    rules = f"""table inet {_TABLE} {{
        chain out {{
            type filter hook output priority 0;
            udp dport {{ {listed} }} meta length > {MEDIA_BYTES} limit rate 1/day burst 1 packets \
counter drop
        }}
    }}"""
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
    try:
        yield
        said = subprocess.run(
            ["nft", "list", "table", "inet", _TABLE], capture_output=True, text=True, check=True
        ).stdout
        if "counter packets 1 " not in said:
            raise RuntimeError(f"not exactly one packet was lost: {said}")
    finally:
        subprocess.run(["nft", "delete", "table", "inet", _TABLE], check=True)


def others_cpu() -> float:
    """CPU seconds that the whole machine has spent."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, fields)
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def quiet(seconds: float = 1.0) -> float:
    """How many processors are busy while nothing of the bench runs."""
    before = others_cpu()
    time.sleep(seconds)
    return (others_cpu() - before) / seconds
