"""A timeline as SVG: a row a face, bands of colour, hatching and letters; readable without colour."""

from collections.abc import Iterator
from html import escape

from ...support.labels import EMOTIONS, UNSURE
from .timeline import Band, Timeline

MOST_TRACKS = 30  # rows of one drawing; the faces that were seen longest
WIDTH, LEFT, RIGHT = 960, 74, 12  # of the drawing; beside the bands
ROW, BAND, TOP = 34, 24, 22
_PER_LETTER = 8.5  # width of a letter

# Colours that people with any colour vision tell apart (Okabe and Ito 2008), and a hatching for each.
COLORS = {
    "angry": "#d55e00",
    "disgust": "#009e73",
    "fear": "#cc79a7",
    "happy": "#f0e442",
    "neutral": "#bbbbbb",
    "sad": "#56b4e9",
    "surprise": "#e69f00",
    UNSURE: "#ffffff",
}
_HATCHES = {
    "angry": "M0 8L8 0",
    "disgust": "M0 0L8 8",
    "fear": "M0 4H8M4 0V8",
    "happy": "",
    "neutral": "M0 4H8",
    "sad": "M4 0V8",
    "surprise": "M0 8L8 0M0 0L8 8",
    UNSURE: "M4 3V5",
}


def patterns() -> str:
    """Return the SVG with the hatchings, to stand once on a page."""
    made = "".join(
        f'<pattern id="e-{name}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{COLORS[name]}"/>'
        f'<path d="{_HATCHES[name]}" stroke="#0005" fill="none"/></pattern>'
        for name in COLORS
    )
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{made}</defs></svg>'


def legend() -> str:
    """Return what each band means, as HTML."""
    items = "".join(
        f'<li><svg width="40" height="18" aria-hidden="true"><rect x=".5" y=".5" width="39" height="17" '
        f'fill="url(#e-{name})" stroke="#444"/></svg> <b>{short(name)}</b> {name}</li>'
        for name in (*EMOTIONS, UNSURE)
    )
    return f'<ul class="legend">{items}</ul>'


def short(emotion: str) -> str:
    """Return the two letters that stand in a band."""
    return emotion[:2].capitalize()


def draw(timeline: Timeline) -> str:
    """Return the timeline as SVG; the faces that were seen longest, in the order of their numbers."""
    tracks = dict(sorted(longest(timeline)))
    height = TOP + ROW * len(tracks) + 4
    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="Timeline of {escape(timeline.source, quote=True)}: {len(tracks)} faces in '
        f'{timeline.seconds:.1f} seconds">',
        *_scale(timeline.seconds, height),
    ]
    for row, (number, bands) in enumerate(tracks.items()):
        parts += _track(number, bands, TOP + row * ROW, timeline.seconds)
    return "".join([*parts, "</svg>"])


def longest(timeline: Timeline) -> list[tuple[int, list[Band]]]:
    """Return the faces that a drawing shows."""

    def seen_s(track: tuple[int, list[Band]]) -> float:
        return sum(band.end_s - band.begin_s for band in track[1])

    return sorted(timeline.tracks.items(), key=lambda track: (-seen_s(track), track[0]))[
        :MOST_TRACKS
    ]


def clock(seconds: float) -> str:
    """Return seconds as people read them: 4.2 s, 1:05, 2:00:07."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _x(seconds: float, whole_s: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (seconds / whole_s if whole_s else 0.0)


def _scale(whole_s: float, height: int) -> Iterator[str]:
    step = next(
        (s for s in (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600) if whole_s / s <= 10),
        whole_s / 10,
    )
    at = 0.0
    while at <= whole_s:
        x = _x(at, whole_s)
        yield f'<path d="M{x:.1f} {TOP - 6}V{height}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="12" text-anchor="middle" class="time">{clock(at)}</text>'
        at += step


def _track(number: int, bands: list[Band], top: int, whole_s: float) -> Iterator[str]:
    yield f'<text x="4" y="{top + 17}">face {number}</text>'
    for band in bands:
        x, end = _x(band.begin_s, whole_s), _x(band.end_s, whole_s)
        width = max(0.5, end - x)
        told = (
            f"{band.emotion}, {band.begin_s:.1f} to {band.end_s:.1f} s, confidence "
            f"{band.confidence:.2f}"
        )
        yield (
            f'<g><title>{told}</title><rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{BAND}" '
            f'fill="url(#e-{escape(band.emotion, quote=True)})"/>'
        )
        if width > 2 * _PER_LETTER + 4:
            yield (
                f'<rect x="{x + 2:.1f}" y="{top + 4}" width="{2 * _PER_LETTER:.0f}" height="16" rx="3" '
                f'fill="#fffc"/><text x="{x + 4:.1f}" y="{top + 16}" class="in">{short(band.emotion)}'
                "</text>"
            )
        y = top + BAND * (1 - band.confidence)
        yield f'<path d="M{x:.1f} {y:.1f}H{x + width:.1f}" stroke="#000" stroke-width="1.5"/></g>'
    yield (f'<path d="M{LEFT} {top + BAND}H{WIDTH - RIGHT}" stroke="#888" stroke-width=".5"/>')
