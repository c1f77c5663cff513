"""One HTML page of a batch or a file of records: timelines, shares, a table that sorts; needs no network."""

from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path

from ...support.errors import DatasetError
from ...support.labels import EMOTIONS, UNSURE
from ..journal import NAME, read_journal
from ..tables import read_any
from .drawing import MOST_TRACKS, clock, draw, legend, patterns, short
from .timeline import Timeline, timelines

MOST_TIMELINES = 200  # inputs that are drawn: those with the most faces; the table has all


def make_report(place: Path, picture: Callable[[Path, Timeline], str] | None = None) -> str:
    """Return the page.

    Args:
        place: a batch's folder of results, or a file of records.
        picture: returns a picture of an input as HTML; None shows none.

    Raises:
        DatasetError: it holds no records.
        BatchError: the folder is not a batch's.
    """
    made, errors, about = _read(place)
    if not made:
        raise DatasetError(f"{place}: holds no records to report on")
    drawn = sorted(made, key=lambda t: -t.faces)[:MOST_TIMELINES]
    chosen = [t for t in made if t in drawn and t.faces and not t.still]
    pictured = [t for t in made if t in drawn and t.faces]
    frames, faces = sum(t.frames for t in made), sum(t.faces for t in made)
    lead = (
        f"{len(made)} inputs, {frames} frames, {faces} faces"
        + (f", {len(errors)} inputs with an error" if errors else "")
        + f". {about}"
    )
    body = [
        f"<h1>Emotions in {escape(place.name)}</h1><p>{escape(lead)}</p>",
        patterns(),
        "<section><h2>All inputs</h2>" + _table(made, errors) + "</section>",
        "<section><h2>Timelines</h2><p>A row is a face as long as it was followed. The line in a band "
        "is the confidence: at its top 1, at its bottom 0. Where there is no band, the face was not "
        f"seen.</p>{legend()}</section>",
        *(_section(place, timeline, picture) for timeline in (pictured if picture else chosen)),
    ]
    if (hidden := sum(1 for t in made if t.faces and not t.still) - len(chosen)) > 0:
        body.append(f"<p>{hidden} more inputs with fewer faces are only in the table.</p>")
    return _PAGE.replace("{title}", escape(place.name)).replace("{body}", "\n".join(body))


def _read(place: Path) -> tuple[list[Timeline], dict[str, str], str]:
    """Return timelines, errors by input, and what made them."""
    if not place.is_dir():
        return timelines(read_any(place)), {}, ""
    identity, entries, _ = read_journal(place)
    made = []
    for entry in entries:
        found = timelines(read_any(place / entry["records"])) if entry["records"] else []
        made += found or [Timeline(entry["file"])]
    errors = {entry["file"]: entry["error"] for entry in entries if entry["error"]}
    if not entries:
        raise DatasetError(f"{place / NAME}: names no finished input; run the batch to its end")
    about = f"Model {identity['model']} ({identity['model_sha256'][:12]}), edge-emo {identity['version']}."
    return made, errors, about


def _section(
    place: Path, timeline: Timeline, picture: Callable[[Path, Timeline], str] | None
) -> str:
    parts = [f"<section><h3>{escape(timeline.source)}</h3>"]
    if not timeline.still:
        parts.append(f'<div class="wide">{draw(timeline)}</div>')
    if (hidden := len(timeline.tracks) - MOST_TRACKS) > 0:
        parts.append(f"<p>{hidden} more faces, seen for a shorter time, are not drawn.</p>")
    if picture:
        parts.append(picture(place, timeline))
    return "".join([*parts, "</section>"])


def _table(made: Iterable[Timeline], errors: dict[str, str]) -> str:
    names = (*EMOTIONS, UNSURE)
    titles = ["input", "seconds", "faces", "tracks", *names, "error"]
    head = "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{title}</button></th>'
        for title in titles
    )
    rows = "".join(f"<tr>{''.join(_cells(t, errors))}</tr>" for t in made)
    return f'<div class="wide"><table class="sorts"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cells(timeline: Timeline, errors: dict[str, str]) -> Iterator[str]:
    yield f'<th scope="row">{escape(timeline.source)}</th>'
    seconds = "" if timeline.still else clock(timeline.seconds)
    yield f'<td data-value="{timeline.seconds:.3f}">{seconds}</td>'
    yield f"<td>{timeline.faces}</td><td>{len(timeline.tracks)}</td>"
    shares = timeline.shares()
    for name in (*EMOTIONS, UNSURE):
        share = shares.get(name, 0.0)
        bar = f'<i style="width:{100 * share:.0f}%;background:{_color(name)}"></i>' if share else ""
        shown = f"{share:.0%}" if share else ""
        yield f'<td data-value="{share:.4f}" class="share" title="{short(name)}">{bar}{shown}</td>'
    yield f"<td class=error>{escape(errors.get(timeline.source, ''))}</td>"


def _color(name: str) -> str:
    from .drawing import COLORS

    return COLORS[name]


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Emotions in {title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .2rem .35rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, th:last-child, .error { text-align: left; font-weight: normal; white-space: normal; overflow-wrap: anywhere; }
th:first-child { min-width: 13rem; } .error { min-width: 13rem; color: #900; padding-left: 1rem; }
th button { font: inherit; font-weight: bold; border: 0; background: none; cursor: pointer; padding: .2rem 0; }
th[aria-sort=ascending] button::after { content: " \\25B2"; } th[aria-sort=descending] button::after { content: " \\25BC"; }
.share { position: relative; min-width: 2.4rem; }
.share i { position: absolute; left: 0; bottom: 0; height: 3px; outline: 1px solid #8888; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; }
.legend svg { vertical-align: middle; }
.timeline { width: 100%; min-width: 40rem; font: 13px system-ui, sans-serif; }
.timeline .time { font-size: 11px; fill: #555; } .timeline .in { font-size: 12px; }
figure { margin: .5rem 0; } figure img { max-width: 100%; } figcaption { font-size: .85rem; color: #555; }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; } section { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .wide { overflow: visible; }
  table { font-size: 7pt; } th, td { padding: .1rem .25rem; } th:first-child, .error { min-width: 0; }
}
</style>
{body}
<script>
for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const rows = [...table.tBodies[0].rows].sort((a, b) =>
      value(a).localeCompare(value(b), undefined, {numeric: true}) * (up ? 1 : -1));
    heads.forEach(other => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    table.tBodies[0].append(...rows);
  }));
}
</script>
</html>
"""
