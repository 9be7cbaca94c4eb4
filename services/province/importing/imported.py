"""What became of an import: counts, what was refused with title and reason, what to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_TOLD = 50


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One thing to tell of a file; a message of the catalogue with its values."""

    line: int
    """As a spreadsheet counts, from 1; 0 where it has none."""
    title: str
    message: str
    values: Mapping[str, object]


@dataclass(slots=True)
class Imported:
    """The result of an import."""

    added: int = 0
    changed: int = 0
    same: int = 0
    problems: list[ImportProblem] = field(default_factory=list)
    """What was not taken in; at most `MAX_TOLD`, as are the notes."""
    notes: list[ImportProblem] = field(default_factory=list)
    """What was taken in, and how it was understood."""
    more: int = 0
    """How many problems are not listed."""

    @property
    def taken(self) -> int:
        """How many meetings or sites of the file stand in the database now."""
        return self.added + self.changed + self.same

    @property
    def is_empty(self) -> bool:
        """Whether the file held nothing at all."""
        return not (self.taken or self.problems or self.notes)

    def refuse(self, title: str, message: str, values: Mapping[str, object], line: int = 0) -> None:
        """Name something that was not taken in."""
        if len(self.problems) < MAX_TOLD:
            self.problems.append(ImportProblem(line, title[:200], message, values))
        else:
            self.more += 1

    def tell(self, title: str, message: str, values: Mapping[str, object], line: int = 0) -> None:
        """Name something that was taken in, with what is to be known about it."""
        if len(self.notes) < MAX_TOLD:
            self.notes.append(ImportProblem(line, title[:200], message, values))
