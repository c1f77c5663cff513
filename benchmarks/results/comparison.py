"""Two benches beside each other: what another machine, or another version, changed."""

import json
from pathlib import Path
from typing import Any

from edge.support.errors import EdgeEmoError

from .report import SCHEMA


def compare(first: Path, second: Path) -> str:
    """Return a table of what both files have: FPS and their ratio, and what differs around them.

    Raises:
        EdgeEmoError: a file cannot be read, or is none that `edge-emo bench --json` wrote.
    """
    one, other = _read(first), _read(second)
    lines = [f"A: {first}: {_about(one)}", f"B: {second}: {_about(other)}"]
    lines += _warnings(one, other)
    lines += ["", f"{'':28}{'A, FPS':>10}{'B, FPS':>10}{'B / A':>8}"]
    theirs = {row["name"]: row["fps"]["median"] for row in other["systems"]}
    for row in one["systems"]:
        name, fps = row["name"], row["fps"]["median"]
        if name in theirs:
            b = theirs.pop(name)
            lines.append(f"{name:28}{fps:>10.1f}{b:>10.1f}{b / fps:>8.2f}")
        else:
            lines.append(f"{name:28}{fps:>10.1f}{'-':>10}{'-':>8}")
    lines += [f"{name:28}{'-':>10}{b:>10.1f}{'-':>8}" for name, b in theirs.items()]
    return "\n".join(lines)


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeEmoError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise EdgeEmoError(
            f"{path}: is not text in UTF-8; give what 'edge-emo bench --json' wrote"
        ) from error
    except ValueError as error:
        raise EdgeEmoError(
            f"{path}: is not valid JSON ({error}); give what 'edge-emo bench --json' wrote"
        ) from error
    if not isinstance(report, dict) or report.get("schema") != SCHEMA or "systems" not in report:
        raise EdgeEmoError(
            f"{path}: is not a bench of this version; write it again with 'edge-emo bench --json'"
        )
    return report


def _about(report: dict[str, Any]) -> str:
    machine = report["machine"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, "
        f"{machine['interpreter']}, edge-emo {machine['edge-emo']}, {report['time']}"
    )


def _warnings(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Say what was measured otherwise, so that the ratios do not speak of the machines alone."""
    differing = [name for name in ("source", "frames", "threads") if one[name] != other[name]]
    return [f"not the same in both: {', '.join(differing)}"] if differing else []
