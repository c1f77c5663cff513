"""The reference pages are current, and links lead somewhere."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge_emo import Recognizer

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "models").glob("*.md")),
]


def test_the_reference_pages_are_current():
    pytest.importorskip("keras", reason="the commands of train and convert need keras to be listed")
    command = [sys.executable, str(ROOT / "docs" / "make_reference.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_every_link_leads_to_a_file(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://", "mailto:", "#")):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{page.name}: {link}"


def test_the_page_on_python_gives_the_arguments_and_defaults_of_a_recognizer():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    table = page.partition("| argument of `Recognizer` |")[2].partition("\n\n")[0]
    given = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", table, re.MULTILINE))
    wanted = inspect.signature(Recognizer).parameters
    assert list(given) == list(wanted)
    for name, parameter in wanted.items():
        if isinstance(parameter.default, (int, float, str)):
            assert given[name].strip("`") == str(parameter.default), name
