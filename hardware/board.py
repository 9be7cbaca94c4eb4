"""Opens the box: real parts on a Raspberry Pi, pins without a wire everywhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gpiozero import Factory
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.header import header_chip
from hardware.panel import Panel
from hardware.wiring import ONE_BUTTON, Wiring

MODEL = Path("/proc/device-tree/model")


@dataclass(frozen=True, slots=True)
class Board:
    """The box and its parts; leaving its context lets go of the pins."""

    model: str  # as the device tree names it; "" on a machine without one
    panel: Panel
    problem: str  # why the panel of a Pi is deaf and dark; "" when all is well

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.panel.close()


def open_board(
    wiring: Wiring = ONE_BUTTON,
    *,
    pins: Factory | None = None,
    model_file: Path = MODEL,
    clock: Callable[[], float] = time.monotonic,
) -> Board:
    """Open the panel on `pins`, else on what this machine has.

    A broken button box is a problem, never a reason not to start: its panel has pins that nothing
    moves, as has that of a machine which is no Pi.
    """
    model = _model(model_file)
    if pins is not None:
        return Board(model, Panel(wiring, pins, clock), "")
    problem = ""
    if model.startswith("Raspberry Pi"):
        try:
            return Board(model, Panel(wiring, _header(), clock), "")
        except Exception as error:  # lgpio and gpiozero raise several unrelated kinds
            problem = f"no buttons and no lamp: {type(error).__name__}: {error}"
    return Board(model, Panel(wiring, MockFactory(pin_class=MockPWMPin), clock), problem)


def _model(model_file: Path) -> str:
    try:
        return model_file.read_bytes().rstrip(b"\0").decode(errors="replace")
    except OSError:
        return ""


def _header() -> Factory:
    """The Pi's pins. Imported here, for the import alone makes a file (see `panel.py`)."""
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415

    return LGPIOFactory(chip=header_chip(Path("/")))
