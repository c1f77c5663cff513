"""`edge-emo records` and `edge-emo report`: what was recorded, as a table and as a page."""

from itertools import chain, islice
from pathlib import Path

import click

from . import verbose_option

_PATH = click.Path(path_type=Path)


@click.command("records", short_help="Convert recorded JSON lines to CSV or Parquet.")
@click.argument("file", type=_PATH)
@click.option(
    "--to",
    "kind",
    type=click.Choice(["csv", "parquet", "jsonl"]),
    required=True,
    help="A table with one row per face, or the records as JSON lines.",
)
@click.option(
    "-o", "--out", type=_PATH, metavar="FILE", help="File to write.  [default: standard output]"
)
@verbose_option
def records(file: Path, kind: str, out: Path | None) -> None:
    """Convert a file of records, and the older files that were rotated out of it.

    FILE is what `edge-emo run --jsonl` or a batch (.jsonl.gz) wrote. An incomplete line is reported and
    skipped.

    \b
    Examples:
      edge-emo records faces.jsonl --to csv -o faces.csv
      edge-emo records /var/lib/edge-emo/0/faces.jsonl --to parquet -o faces.parquet
    """
    from ..batch.tables import read_some, record_lines, write_records
    from ..support.atomic import refuse_to_replace
    from ..support.rotation import set_aside

    if out and out != Path("-"):
        refuse_to_replace(out, file, *set_aside(file))
        write_records(out, read_some(file), kind)
        return
    if kind == "parquet":
        raise click.UsageError("Parquet cannot go to standard output; give -o FILE")
    read = read_some(file)
    first = list(islice(read, 1))  # what cannot be read is said before anything is printed
    for line in record_lines(chain(first, read), kind):
        click.echo(line, nl=False)


@click.command("report", short_help="Make a page with timelines of a batch or records.")
@click.argument("place", metavar="OUT|FILE", type=_PATH)
@click.option(
    "-o",
    "--out",
    type=_PATH,
    metavar="FILE.html",
    help="Page to write.  [default: OUT/report.html]",
)
@click.option("--pictures", is_flag=True, help="Show a frame of each input, with faces blurred.")
@click.option("--no-blur", is_flag=True, help="Do not blur faces in --pictures.")
@verbose_option
def report(place: Path, out: Path | None, pictures: bool, no_blur: bool) -> None:
    """Make an HTML page from a batch's results or a file of records.

    The page shows a timeline for each face, the shares of the emotions and a sortable table. It needs
    no network and no other file.

    \b
    Examples:
      edge-emo report results
      edge-emo report faces.jsonl -o faces.html --pictures
    """
    from ..batch.report.page import make_report
    from ..support.atomic import refuse_to_replace, write_text

    if no_blur and not pictures:
        raise click.UsageError("--no-blur needs --pictures")
    refuse_to_replace(out, place)
    picture = None
    if pictures:
        from ..batch.report.pictures import picture_maker

        picture = picture_maker(blur=not no_blur)
    page = make_report(place, picture)
    out = out or (place / "report.html" if place.is_dir() else place.with_suffix(".html"))
    write_text(out, page)
    click.echo(f"edge-emo: wrote {out}", err=True)
