"""The errors of the base floor.

BaseFloorError
 ├── SiteFileError      (site_file) the site file has faults; all of them are listed
 └── FactFileError      a fact file cannot be written
"""


class BaseLayerError(Exception):
    """Something below every program went wrong."""


class FactFileError(BaseLayerError):
    """A fact file cannot be written; says which and why."""
