"""``diemcau hour`` in a process whose clock the environment shifts; says when it knew the hour.

As a program: ``python -m tests.hour.box_of_1970 SITE RUN SHIFT``. It is all the product's own but
for the system call that sets the clock, which here is the file that libfaketime watches.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from appliance.base.fact_file import HOUR_FILE
from appliance.base.site_file import read_site
from services.hour.machine_clock import Mark
from services.hour.program import Floor, HourProgram
from services.hour.question import questions
from tests.hour.machine import ShiftedProcess


def main(site: Path, run: Path, shift: Path) -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
    clock = ShiftedProcess(shift)
    began = clock.now()
    program = HourProgram(questions(read_site(site)), clock, Floor(0, 0), Mark(run / "mark"), run)
    asyncio.run(program.run())
    known = time.monotonic()
    facts = HOUR_FILE.read(run, 0.0, float("inf"))
    assert facts is not None
    told = {"began": began, "known": known, "error_s": facts.error_s, "state": facts.state}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
