"""One log: the systemd journal with fields to search by, or standard error without one."""

import logging
import sys
from pathlib import Path

from systemd import journal

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")


class _PlainForm(logging.Formatter):
    """``12:00:01 endpoint phase: joining → in meeting  [MEETING=…]`` for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = {key: value for key, value in vars(record).items() if key.isupper()}
        tail = " ".join(f"{key}={value}" for key, value in fields.items())
        return f"{line}  [{tail}]" if tail else line


def open_journal(program: str, *, verbose: bool = False) -> None:
    """Send the whole process's log where it belongs.

    Fields for search go in ``extra`` under names in capitals (systemd.journal-fields(7)):
    ``log.info("phase: %s → %s", old, new, extra={"MEETING": uid})``. Other people's libraries are
    heard from WARNING on: one line per change, nothing per frame.
    """
    if JOURNAL_SOCKET.exists() and not sys.stderr.isatty():
        handler: logging.Handler = journal.JournalHandler(SYSLOG_IDENTIFIER=f"diemcau-{program}")
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_PlainForm("%(asctime)s %(name)s %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("diemcau", "appliance", "hardware", "services"):
        logging.getLogger(ours).setLevel(logging.DEBUG if verbose else logging.INFO)
