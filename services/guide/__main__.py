"""``python -m services.guide SOURCE FOLDER``: the field guide as HTML and as PDF (`make guide`)."""

from pathlib import Path

import click

from services.guide.document import document
from services.guide.pages import read_pages
from services.guide.paper import chapter_pages, print_pdf
from services.guide.phrases import GuideError

NAME = "huong-dan"


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def guide(source: Path, folder: Path) -> None:
    """Make FOLDER/huong-dan.html and .pdf of the pages in SOURCE; exit code 1 where one is wrong.

    Wrong is a phrase that the TV does not say, a code or a picture that is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    html, pdf = folder / f"{NAME}.html", folder / f"{NAME}.pdf"
    try:
        pages = read_pages(source)
        # The numbers in the list of contents are known once it has been printed.
        html.write_text(document(pages, {}))
        print_pdf(html, pdf)
        html.write_text(document(pages, chapter_pages(pdf, len(pages))))
        print_pdf(html, pdf)
    except GuideError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{html}\n{pdf}")


guide()
