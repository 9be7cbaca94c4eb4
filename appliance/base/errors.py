"""The errors of the base layer.

BaseLayerError
 ├── SiteFileError      (site_file) the site file has problems; all of them are listed
 └── FactFileError      a fact file cannot be written
"""


class BaseLayerError(Exception):
    """Something below every program went wrong."""


class FactFileError(BaseLayerError):
    """A fact file cannot be written; says which and why."""
