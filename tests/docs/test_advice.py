"""What an error advises exists: every option that a message names is one of a command's own."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Options of other programs, in advice on how to install or look at something.
OTHERS = {"--list-cameras", "--system-site-packages", "--now", "--reload", "--user"}


def test_every_option_that_an_error_names_is_there():
    known = set(re.findall(r"--[a-z][a-z0-9-]+", (ROOT / "docs/commands.md").read_text()))
    known |= {f"--no-{option[2:]}" for option in known}
    missing = {}
    for package in ("edge", "convert", "train"):
        for path in (ROOT / package).rglob("*.py"):
            if "studies" in path.parts or path.parts[-2] == "faces":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Raise):
                    continue
                texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                named = re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", " ".join(map(str, texts)))
                if unknown := set(named) - known - OTHERS:
                    missing[path.name] = unknown
    assert not missing
