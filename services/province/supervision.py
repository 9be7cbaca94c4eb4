"""Whose failure costs what in the province, and whether the whole program ended in order."""

from functools import partial
from pathlib import Path

from appliance.base.supervisor import Supervisor
from services.province.passed_over import Part, Tell

PROGRAM = "diemcau province"


def supervisor(tell: Tell) -> Supervisor:
    """Of parts whose failures the console shows. Without memory nothing is known of any of them:
    the program ends, and systemd starts it again."""
    return Supervisor(tell=partial(tell, Part.FAILED), unknowable=(MemoryError,))


class RunningMark:
    """A file that stands while the program runs: it is found where the last one did not end in
    order (killed, out of memory, the power)."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self, tell: Tell) -> None:
        """At the start; a program that just fell is told. Raises `OSError`."""
        if self._file.exists():
            tell(Part.ENDED, PROGRAM, "it ended without a word; its journal may say why")
        self._file.touch()

    def end(self) -> None:
        """At the end in order."""
        self._file.unlink(missing_ok=True)
