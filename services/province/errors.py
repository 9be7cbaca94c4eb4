"""What can be wrong with what somebody asks of the province.

ProvinceError               the sentence is for the person who asked
 ├── WrongInputError        a value cannot be taken; says which and what a right one looks like
 ├── NotFoundError          there is no such site, meeting, account…
 ├── NotAllowedError        the role does not permit it
 └── TooManyTriesError      log-in is closed for a while; says for how long
"""


class ProvinceError(Exception):
    """Something that was asked of the province cannot be done."""


class WrongInputError(ProvinceError):
    """A value cannot be taken; ``field`` names it, "" where it is the whole."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class NotFoundError(ProvinceError):
    """There is nothing of that name."""


class NotAllowedError(ProvinceError):
    """The account's role does not permit this."""


class TooManyTriesError(ProvinceError):
    """Too many wrong passwords; ``wait_s`` seconds until the next may be tried."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many wrong passwords; try again in {wait_s:.0f} s")
        self.wait_s = wait_s
