"""Marks a text for translation where it is written and not yet spoken: gettext's ``N_``."""


def N_(message: str) -> str:  # noqa: N802 - the name that every gettext extractor looks for
    """`message` itself; the catalogue is asked where it is shown."""
    return message
