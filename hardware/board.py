"""The only door to the box: real parts on a Raspberry Pi, the bench everywhere else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gpiozero import Factory

from hardware.panel import Panel
from hardware.simulator.pins import Simulator, simulated_pins
from hardware.wiring import ONE_BUTTON, Wiring

MODEL = Path("/proc/device-tree/model")


@dataclass(frozen=True, slots=True)
class Board:
    """The box and its parts; leaving its context lets go of the pins."""

    model: str  # as the device tree names it; "bench" where there is no Pi
    panel: Panel
    bench: Simulator | None  # hands for the simulator; None on a Pi
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
    model_file: Path = MODEL,
    clock: Callable[[], float] = time.monotonic,
) -> Board:
    """Open what this machine has. A broken button box is a problem, never a reason not to start."""
    model = _model(model_file)
    pins = simulated_pins()
    if not model.startswith("Raspberry Pi"):
        return Board("bench", Panel(wiring, pins, clock), Simulator(wiring, pins), "")
    try:
        return Board(model, Panel(wiring, _header(), clock), None, "")
    except Exception as error:  # lgpio and gpiozero raise several unrelated kinds
        problem = f"no buttons and no lamp: {type(error).__name__}: {error}"
        return Board(model, Panel(wiring, pins, clock), None, problem)


def _model(model_file: Path) -> str:
    try:
        return model_file.read_bytes().rstrip(b"\0").decode(errors="replace")
    except OSError:
        return ""


def _header() -> Factory:
    """The Pi's pins. Imported here, for the import alone makes a file (see `panel.py`)."""
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415

    return LGPIOFactory()
