"""What `make unit` runs: the pure part, which needs no peer, browser, broker or database.

Nothing here waits for real time or for a server, so that a newcomer's loop takes seconds. The list
stands here once; ``pytest --unit`` looks at nothing else. A single test that is pure and takes long
all the same is marked ``slow``.
"""

from pathlib import Path, PurePosixPath

PURE = (
    "base",
    "bringup",
    "core",
    "dialers/sip/sdp",
    "dialers/sip/signalling",
    "endpoint/call",
    "endpoint/status",
    "endpoint/test_start_page.py",
    "hardware",
    "health",
    "hour/test_hour_policy.py",
    "media/codecs",
    "media/jitter",
    "media/rtp",
    "provisioning",
    "slots",
    "support/test_used_grants.py",
    "updates/test_release.py",
    "wire",
)
"""Folders and single files."""

WITH_MORE = {
    "base/test_journal.py": "a process and its terminal",
    "base/test_mqtt.py": "a broker",
    "base/test_program_ends.py": "a process that is killed",
    "base/test_run.py": "signals to a process",
    "base/test_systemd.py": "a socket",
    "bringup/test_program.py": "processes",
    "endpoint/status/test_self_test_steps.py": "recordings in real time",
    "hardware/display/test_cec_uapi.py": "a compiler",
    "hardware/simulator/test_cable.py": "sockets and real time",
    "hardware/test_board.py": "a process of its own",
    "health/checks/test_settings.py": "sockets, and a process in a network of its own",
    "health/test_program.py": "a broker and the program",
    "health/test_reporter.py": "a broker",
    "media/rtp/test_udp_ports.py": "sockets",
    "provisioning/test_first_boot.py": "processes",
    "provisioning/test_keep.py": "a process",
    "provisioning/test_networkd.py": "processes in networks of their own",
    "provisioning/test_unit_rights.py": "processes",
}
"""Files of these folders that are no unit tests, each with what it needs."""


def is_unit(path: Path, root: Path) -> bool:
    """Whether `make unit` looks at that file or folder of `root`, the folder of all tests."""
    name = PurePosixPath(path.relative_to(root))
    if path.is_dir():
        return any(
            name.is_relative_to(folder) or PurePosixPath(folder).is_relative_to(name)
            for folder in PURE
        )
    return str(name) not in WITH_MORE and any(name.is_relative_to(folder) for folder in PURE)
