"""The package of docs/extending.md is installed and run exactly as it stands on the page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import portrait

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
MOST_LINES = 30
_BLOCK = re.compile(r'```\w+ title="([^"]+)"\n(.*?)```', re.DOTALL)
FILES = dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `edge-emo` with the package of the page installed."""
    pytest.importorskip("setuptools", reason="setuptools is not installed: nothing can be built")
    project, site = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("site")
    (project / "my_emo").mkdir()
    (project / "my_emo" / "__init__.py").touch()
    for name, text in FILES.items():
        (project / name).write_text(text)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--target", str(site), str(project)]
    subprocess.run([*install, *options], check=True, capture_output=True, timeout=600)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, str(site)])}

    def edge_emo(*arguments):
        command = [sys.executable, "-m", "edge", *map(str, arguments)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )

    return edge_emo


@pytest.fixture
def pictures(tmp_path):
    """Four pictures of the astronaut, whose face is in their middle, as a NumPy file."""
    face = portrait("astronaut")[13:213, 100:350]
    picture = cv2.cvtColor(cv2.resize(face, (250, 200)), cv2.COLOR_BGR2GRAY)
    path = tmp_path / "pictures.npy"
    np.save(path, np.stack([picture] * 4))
    return path


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_no_example_is_longer_than_30_lines_of_code(name):
    lines = [line for line in FILES[name].splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


def test_all_four_kinds_of_plug_in_work_together(run, pictures, tmp_path):
    tally = tmp_path / "tally.txt"
    arguments = ["--source", f"npy:{pictures}", "--detector", "middle", "--interpreter", "timed"]
    ended = run("run", *arguments, "--output", f"tally={tally}")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"inference: [0-9.]+ ms", ended.stderr)
    assert "4 frames" in ended.stderr
    counts = [line.split() for line in tally.read_text().splitlines()]
    assert sum(int(count) for _, count in counts) == 4


def test_a_source_that_cannot_be_opened_is_one_line(run, tmp_path):
    broken = tmp_path / "broken.npy"
    broken.write_text("no array")
    ended = run("run", "--source", f"npy:{broken}")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"edge-emo: error: {broken}: is not a NumPy file of pictures")
    assert ended.stderr.count("\n") == 1
