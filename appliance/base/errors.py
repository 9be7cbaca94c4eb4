"""The errors of the base floor.

BaseFloorError
 ├── SiteFileError      (site_file) the site file has faults; all of them are listed
 └── FactFileError      a fact file cannot be written
"""


class BaseFloorError(Exception):
    """Something below every program went wrong."""


class FactFileError(BaseFloorError):
    """A fact file cannot be written; says which and why."""
