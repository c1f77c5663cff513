"""Write the reference page of the settings: `python -m edge.cli.reference > docs/settings.md`."""

import sys

from ..live.schema import Setting, settings_of, toml_line
from ..live.settings import GROUPS, RunConfig

_HEAD = """\
# Settings of `edge-emo run`

<!-- Made from edge/live/settings.py by `python -m edge.cli.reference > docs/settings.md`; do not edit. -->

Each setting can be given in four places. The first that names it counts:

1. the command line: `--min-face 0.2`
2. the environment: `EDGE_EMO_MIN_FACE=0.2`
3. a TOML file: `min_face = 0.2` in the file that `--config` names, then in `config.toml` in the user's
   configuration folder (on Linux `~/.config/edge-emo/`), then in `/etc/edge-emo/config.toml`
4. the default

`edge-emo run --print-config` prints the settings in force as a TOML file with comments.

Several cameras run in one process with `--camera 0 --camera 1`, or `camera = ["0", "1"]`. Where they differ, each has a table
in the file, which goes before the settings above it; `{camera}` stands for its name:

```toml
jsonl = "{camera}.jsonl"      # front.jsonl, door.jsonl

[cameras.front]
camera = "0"

[cameras.door]
camera = "rtsp://user:password@host/stream"
rotate = 90
```

`{camera}` is filled in where a file is named, in `outputs` and in `label`. What [several cameras](device.md#several-cameras-in-one-process)
share and what each has for itself is described with the service.

The shell finishes commands and options at the Tab key after this line in `~/.bashrc` (for zsh
`zsh_source` in `~/.zshrc`; for fish `_EDGE_EMO_COMPLETE=fish_source edge-emo | source`):

```bash
eval "$(_EDGE_EMO_COMPLETE=bash_source edge-emo)"
```
"""
_KINDS = {str: "text", bool: "true or false", int: "whole number", float: "number"}


def settings_page() -> str:
    """Return the page as Markdown."""
    rows = settings_of(RunConfig).values()
    return "\n".join([_HEAD, *(_section(g, [r for r in rows if r.group == g]) for g in GROUPS)])


def _section(group: str, rows: list[Setting]) -> str:
    lines = [
        f"## {group}",
        "",
        "| option | TOML | type | default | meaning |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows)]) + "\n"


def _line(row: Setting) -> str:
    kind = "list of texts" if row.many else _KINDS[row.kind]
    kind += ", or a list of texts" if row.repeats else ""
    cells = (f"`{_flag(row)}`", f"`{row.name}`", kind, _default(row), row.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _flag(row: Setting) -> str:
    if row.kind is bool:
        return f"--{row.option}" + ("" if row.default is False else f" / --no-{row.option}")
    value = f"[{row.metavar}]" if row.bare else row.metavar
    return f"--{row.option} {value}".strip()


def _default(row: Setting) -> str:
    if row.shown or row.default in (None, ()):
        return row.shown or "-"
    return f"`{toml_line('', row.default).removeprefix(' = ')}`"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
