"""Errors that a person causes and reads.

ProvinceError               its sentence is for the person who sent the request
 ├── WrongInputError        a value cannot be taken; says which and what a right one looks like
 ├── NotFoundError          there is no such site, meeting, account…
 ├── NotAllowedError        the role does not permit it
 ├── TooManyTriesError      log-in is closed for a while; says for how long
 └── TooLargeError          the form is larger than the page takes

A sentence is a message id of the catalogue, with its values beside it: the console shows it in both
languages, ``str`` gives the English.
"""


class ProvinceError(Exception):
    """A request cannot be done."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = {key: str(value)[:200] for key, value in values.items()}

    def __str__(self) -> str:
        return self.message.format(**self.values)


class WrongInputError(ProvinceError):
    """A value cannot be taken; ``field`` names it, "" where it is the whole."""

    def __init__(self, message: str, field: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class NotFoundError(ProvinceError):
    """There is nothing of that name."""


class NotAllowedError(ProvinceError):
    """The account's role does not permit this."""


class TooManyTriesError(ProvinceError):
    """Too many wrong passwords; ``wait_s`` seconds until the next may be tried."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message, minutes=int(wait_s // 60) + 1)
        self.wait_s = wait_s


class TooLargeError(ProvinceError):
    """The form is larger than the page takes."""
