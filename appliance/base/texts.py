"""What people read, in their language: gettext, Vietnamese first.

Message ids are the English texts, so English needs no catalogue. A compiled catalogue is used where
set-up has made one that is no older than its source; a plain checkout reads the source itself.
Babel is loaded where a date or such a source is read: the endpoint shows its first picture before.
"""

import gettext
import io
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

DOMAIN = "diemcau"
LOCALES = ("vi", "en")
CATALOGUES = Path(__file__).resolve().parent.parent / "texts"

_REGIONS = {"en": "en_GB"}
"""Babel's plain ``en`` writes dates the American way, which nobody here reads."""


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The texts of one locale; calling it translates a message id and fills in its values."""

    locale: str
    translations: gettext.NullTranslations

    def __call__(self, message: str, **values: object) -> str:
        """`message` in this language; ``{name}`` in it stands for ``values["name"]``."""
        told = self.translations.gettext(message) if message else ""
        return told.format(**values) if values else told

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The form for `number`, which fills in ``{number}``."""
        return self.translations.ngettext(one, many, number).format(number=number)

    def date(self, day: date) -> str:
        """The weekday, day and month of `day`: "Thứ Năm, 12 tháng 3"."""
        from babel.core import Locale  # noqa: PLC0415 - see the module's docstring
        from babel.dates import format_date  # noqa: PLC0415

        return format_date(
            day, "EEEE, d MMMM", Locale.parse(_REGIONS.get(self.locale, self.locale))
        )


@cache
def text(locale: str = "vi") -> Texts:
    """The texts of `locale`; one that is not known speaks Vietnamese."""
    if locale not in LOCALES:
        return text("vi")
    return Texts(locale, read_catalogue(CATALOGUES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"))


def read_catalogue(source: Path) -> gettext.NullTranslations:
    """The catalogue of which `source` is the .po file: compiled where that is not older than it."""
    compiled = source.with_suffix(".mo")
    if compiled.exists() and (
        not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime
    ):
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    if not source.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - see the module's docstring
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with source.open("rb") as file:
        catalogue = read_po(file, domain=DOMAIN)
    made = io.BytesIO()
    write_mo(made, catalogue)
    made.seek(0)
    return gettext.GNUTranslations(made)
