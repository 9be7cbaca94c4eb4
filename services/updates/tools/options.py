"""Options that the commands of the box's own timers and udev rules share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path)


def box_options(command: Command) -> Command:
    """Give `command` the arguments `run_path`, `data` and `root`, by default those of a box."""
    for option in (
        click.option("--root", default="/", type=_FOLDER, help="The running system."),
        click.option(
            "--data", default="/data", show_default=True, type=_FOLDER, help="The data partition."
        ),
        click.option(
            "--run",
            "run_path",
            default="/run/diemcau",
            show_default=True,
            type=_FOLDER,
            help="The fact files' folder.",
        ),
    ):
        command = option(command)
    return command
