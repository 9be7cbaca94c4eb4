"""``diemcau``: one command, each program and tool a word of it, loaded only when it is called."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from appliance.base.loading import loading

COMMANDS = {
    "admit": "services.updates.tools.admit_command:admit",
    "agenda": "services.endpoint.tools.agenda_command:agenda_command",
    "boot-partition": "services.updates.tools.boot_partition_command:boot_partition",
    "bring-up": "services.bringup.command:bring_up",
    "check": "services.endpoint.tools.check_command:check",
    "codes": "services.endpoint.tools.codes_command:codes",
    "confirm": "services.slots.confirm_command:confirm",
    "demo": "services.demo.command:demo",
    "dial": "services.endpoint.tools.dial_command:dial",
    "endpoint": "services.endpoint.command:endpoint",
    "first-boot": "services.provisioning.first_boot_command:first_boot",
    "grant": "services.support.grant_command:grant",
    "health": "services.health.command:health",
    "hour": "services.hour.command:hour",
    "keep": "services.provisioning.keep_command:keep",
    "province": "services.province.command:province",
    "rescue": "services.slots.rescue_command:rescue",
    "rescue-page": "services.endpoint.tools.rescue_page_command:rescue_page",
    "room": "services.room.command:room",
    "screen": "services.endpoint.tools.screen_command:screen",
    "simulate": "services.simulate.command:simulate",
    "slots": "services.slots.slots_command:slots",
    "stick": "services.updates.tools.stick_command:stick",
    "trim": "services.updates.tools.trim_command:trim",
    "update": "services.updates.tools.update_command:update",
    "updater": "services.updates.tools.updater_command:updater",
    "slot-good": "services.slots.slot_good_command:slot_good",
}


class Programs(click.Group):
    """Finds a command by its name; the endpoint must not pay for the room's imports."""

    def __init__(self, *given: Any, programs: Mapping[str, str] = COMMANDS, **options: Any) -> None:
        """`programs`: each command's `module:name`; all else is click's."""
        super().__init__(*given, **options)
        self._programs = programs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All there are."""
        return sorted(self._programs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None where there is none of that name, as of the province's on a box."""
        if cmd_name not in self._programs:
            return None
        module, _, name = self._programs[cmd_name].partition(":")
        try:
            with loading():
                found: click.Command = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
            return None
        return found


@click.group(cls=Programs)
@click.version_option(package_name="diemcau")
def main() -> None:
    """Điểm Cầu: one box that is a commune's conference site."""


if __name__ == "__main__":
    main()
