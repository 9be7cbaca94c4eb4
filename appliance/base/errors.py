"""The errors of the base layer.

BaseLayerError
 ├── SiteFileError      (site_file) the site file has problems; all of them are listed
 ├── FactFileError      a fact file cannot be written
 └── PartError          (supervisor) a part failed so often that the program has to end
"""


class BaseLayerError(Exception):
    """Something below every program went wrong."""


class PartError(BaseLayerError):
    """A vital part failed again and again: what the program knows is not to be relied on."""


class FactFileError(BaseLayerError):
    """A fact file cannot be written; says which and why."""
