"""One self-contained HTML page of a report: headings, text, tables and pictures in one file."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; the first column stands left, the others right.

    Attributes:
        head: one title a column.
        rows: as many cells a row; each is shown as `str` makes it.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, in this order: text, table, PNG picture."""

    title: str
    text: str = ""
    table: Table | None = None
    picture: bytes | None = None


def render_page(title: str, lead: str, sections: Iterable[Section]) -> str:
    """Return the page as HTML text that needs no other file and no network."""
    body = "\n".join(_section(section) for section in sections)
    return _PAGE.format(title=escape(title), lead=escape(lead), body=body)


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    if section.text:
        parts.append(f"<p>{escape(section.text)}</p>")
    if section.table:
        parts.append(_table(section.table))
    if section.picture:
        data = base64.b64encode(section.picture).decode()
        parts.append(f'<img alt="{escape(section.title)}" src="data:image/png;base64,{data}">')
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(str(cell))}</th>" for cell in table.head)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    return f"<div class=table><table>\n<tr>{head}</tr>\n{rows}\n</table></div>"


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }}
h1 {{ font-size: 1.6rem; margin-bottom: .3rem; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .5rem; }}
p {{ white-space: pre-line; }}
.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child, td:first-child {{ text-align: left; }}
img {{ max-width: 100%; height: auto; }}
</style>
<h1>{title}</h1>
<p>{lead}</p>
{body}
</html>
"""
