"""The exam's outcome as one value: a table for people (and for docs/faces.md), and plain values for JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from edge.live.settings import RunConfig

from .exam import SMALL, Truth
from .measure import Seen, Sheet
from .stress import NEEDED, Tally
from .systems import PLAIN, Skipped, System

SCHEMA = 1
HEIGHTS = (0, 24, 32, 48, 64, 96, 192)  # pixels: where a row of the table begins
ROLLS = (0, 12, 25, 40)  # degrees, either way

Belongs = Callable[[Seen, Truth], bool]


@dataclass(frozen=True)
class Row:
    """One line of the table: a title and a text for each system."""

    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All that was measured.

    Attributes:
        folder: where the exam lies.
        sheets: by set and system.
        stress: by case and system; empty where no photo is fit for it.
        machine: as `describe_bench` returns it.
    """

    folder: str
    systems: tuple[System, ...]
    skipped: tuple[Skipped, ...]
    sheets: Mapping[str, Mapping[str, Sheet]]
    stress: Mapping[str, Mapping[str, Tally]]
    machine: Mapping[str, Any]

    def as_text(self) -> str:
        """Return the tables, in Markdown that is fit for a terminal, too."""
        names = [system.name for system in self.systems]
        tables = (
            ("recall", self._recall_rows()),
            ("no face, but reported", self._false_rows()),
            ("milliseconds of processor time, median", self._time_rows()),
            ("made cases: recall (false boxes)", self._stress_rows()),
        )
        parts = [_table(title, names, found) for title, rows in tables if (found := list(rows))]
        if not self.stress:
            parts.append(f"No harder cases are made: they need {NEEDED}.")
        defaults = RunConfig()
        parts.append(
            f"A clip's frames are searched every {defaults.search_every:g} s and tracked in between, "
            f"by {PLAIN} each by itself."
        )
        parts += [f"skipped: {s.name}: {s.reason}" for s in self.skipped]
        return "\n\n".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "schema": SCHEMA,
            "folder": self.folder,
            "settings": {
                "min_face": RunConfig().min_face,
                "search_every": RunConfig().search_every,
            },
            "systems": [self._of_system(system.name) for system in self.systems],
            "skipped": [{"name": s.name, "reason": s.reason} for s in self.skipped],
            "machine": dict(self.machine),
        }

    def _of_system(self, name: str) -> dict[str, Any]:
        seen = self._all_seen(name)
        return {
            "name": name,
            "recall": {title: _share(seen, has) for title, has in self._groups()},
            "sets": {
                one: {
                    "pictures": sum(not s.item.is_clip for s in sheets[name].seen),
                    "false_boxes": sum(
                        len(s.match.false) for s in sheets[name].seen if not s.item.is_clip
                    ),
                    "false_tracks": {
                        clip: {"count": len(times), "longest_s": round(max(times, default=0.0), 3)}
                        for clip, times in sheets[name].false_s.items()
                    },
                }
                for one, sheets in self.sheets.items()
            },
            "ms": {
                kind: {
                    f"{w}x{h}": {"median": round(median(ms), 3), "mean": round(fmean(ms), 3)}
                    for (w, h), ms in sorted(self._times(name, kind).items())
                }
                for kind in ("still", "track")
            },
            "stress": {
                case: {"found": row[name].found, "of": row[name].faces, "false": row[name].false}
                for case, row in self.stress.items()
            },
        }

    def _groups(self) -> Iterator[tuple[str, Belongs]]:
        """Yield the titles of the rows of recall and which faces belong to each."""
        for one, sheets in self.sheets.items():
            seen = sheets[self.systems[0].name].seen
            pictures = [s for s in seen if not s.item.is_clip]
            for kind in sorted({t.kind for s in pictures for t in s.truths} - {SMALL}):
                yield f"{one}: {kind}", _of_kind({s.item.path for s in pictures}, kind)
            for clip in dict.fromkeys(s.item for s in seen if s.item.is_clip):
                yield f"clip {clip.name}", _of_kind({clip.path}, None)
        for low, high in _ranges(HEIGHTS):
            yield f"{_range(low, high)} px high", _between(low, high, lambda t: t.height)
        for low, high in _ranges(ROLLS):
            yield f"leaning {_range(low, high)} degrees", _between(low, high, _lean)

    def _recall_rows(self) -> Iterator[Row]:
        for title, has in self._groups():
            shares = [_share(self._all_seen(system.name), has) for system in self.systems]
            if shares[0]["of"]:
                cells = (f"{s['found'] / s['of']:.1%}" for s in shares)
                yield Row(f"{title} ({shares[0]['of']})", tuple(cells))

    def _false_rows(self) -> Iterator[Row]:
        for one, sheets in self.sheets.items():
            pictures = sum(not s.item.is_clip for s in next(iter(sheets.values())).seen)
            if pictures:
                counts = (
                    sum(len(s.match.false) for s in sheets[x.name].seen if not s.item.is_clip)
                    for x in self.systems
                )
                cells = (f"{n} ({n / pictures:.2f} each)" for n in counts)
                yield Row(f"{one}: boxes in {pictures} pictures", tuple(cells))
            for clip in next(iter(sheets.values())).false_s:
                runs = [sheets[x.name].false_s[clip] for x in self.systems]
                if any(runs):
                    cells = (f"{len(r)} (longest {max(r, default=0):.2f} s)" for r in runs)
                    yield Row(f"clip {clip}: tracks", tuple(cells))

    def _time_rows(self) -> Iterator[Row]:
        for kind, title in (("still", "one whole look"), ("track", "a frame of a clip, mean")):
            times = [self._times(system.name, kind) for system in self.systems]
            for size in sorted(times[0], key=lambda s: s[0] * s[1]):
                if len(times[0][size]) >= 10:
                    average = median if kind == "still" else fmean
                    cells = tuple(f"{average(t[size]):.2f}" for t in times)
                    yield Row(f"{title}, {size[0]}x{size[1]} ({len(times[0][size])})", cells)

    def _stress_rows(self) -> Iterator[Row]:
        for case, row in self.stress.items():
            tallies = [row[system.name] for system in self.systems]
            cells = (f"{t.found / t.faces:.0%} ({t.false})" for t in tallies)
            yield Row(f"{case} ({tallies[0].faces})", tuple(cells))

    def _all_seen(self, name: str) -> list[Seen]:
        return [seen for sheets in self.sheets.values() for seen in sheets[name].seen]

    def _times(self, name: str, kind: str) -> dict[tuple[int, int], list[float]]:
        joined: dict[tuple[int, int], list[float]] = {}
        for sheets in self.sheets.values():
            sheet = sheets[name]
            for size, ms in (sheet.still_ms if kind == "still" else sheet.track_ms).items():
                joined.setdefault(size, []).extend(ms)
        return joined


def _of_kind(paths: set[Path], kind: str | None) -> Belongs:
    return lambda seen, truth: seen.item.path in paths and kind in (None, truth.kind)


def _between(low: float, high: float, measure: Callable[[Truth], float]) -> Belongs:
    return lambda _, truth: low <= measure(truth) < high


def _lean(truth: Truth) -> float:
    return -1.0 if truth.roll is None else abs(truth.roll)


def _share(seen: Iterable[Seen], has: Belongs) -> dict[str, int]:
    found = [
        ok
        for s in seen
        for truth, ok in zip(s.truths, s.match.found, strict=True)
        if truth.kind != SMALL and has(s, truth)
    ]
    return {"found": sum(found), "of": len(found)}


def _ranges(starts: Sequence[int]) -> Iterator[tuple[float, float]]:
    ends = (*starts[1:], float("inf"))
    yield from zip(starts, ends, strict=True)


def _range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} and more"


def _table(title: str, names: Sequence[str], rows: Iterable[Row]) -> str:
    lines = [(title, *names), *((row.title, *row.cells) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    texts = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])
