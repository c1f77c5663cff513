"""Write the reference pages: `python docs/make_reference.py`; `--check` compares instead (status 1)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from edge.cli import cli
from edge.cli.reference import settings_page

HERE = Path(__file__).parent
_HEAD = """\
# Commands

<!-- Made by `python docs/make_reference.py`; do not edit. -->

Each command's `--help` as the program prints it. The settings of `edge-emo run`, with their names in TOML files and in the
environment, are on [their own page](settings.md).

Exit status of every command: 0 done (end of the file, `q`, Ctrl-C, SIGTERM), 1 a failure, named in one line on standard
error, 2 wrong usage. `-v` adds detail, `-vv` an error's traceback.

For completion in your shell, put one of these lines into its start-up file:

```sh
eval "$(_EDGE_EMO_COMPLETE=bash_source edge-emo)"   # ~/.bashrc
eval "$(_EDGE_EMO_COMPLETE=zsh_source edge-emo)"    # ~/.zshrc
_EDGE_EMO_COMPLETE=fish_source edge-emo | source    # ~/.config/fish/config.fish
```
"""


def commands_page() -> str:
    """Return the page of all commands as Markdown."""
    root = click.Context(cli, info_name="edge-emo", terminal_width=100, max_content_width=100)
    return "\n".join([_HEAD, *_sections(cli, root)])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    depth = context.command_path.count(" ") + 2
    text = command.get_help(context)
    yield f"{'#' * depth} {context.command_path}\n\n```text\n{text}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner:
                yield from _sections(
                    inner,
                    click.Context(
                        inner,
                        parent=context,
                        info_name=name,
                        terminal_width=100,
                        max_content_width=100,
                        **inner.context_settings,
                    ),
                )


PAGES = {"commands.md": commands_page, "settings.md": settings_page}

if __name__ == "__main__":
    stale = []
    for name, make in PAGES.items():
        page, text = HERE / name, make()
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"out of date: {', '.join(stale)}; run 'python docs/make_reference.py'")
