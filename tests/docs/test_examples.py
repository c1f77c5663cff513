"""Every script in examples/ runs as it stands, without a camera, and prints what it found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
PRINTED = {
    "compare_models": "edge-s ",
    "draw_boxes": "wrote faces.png",
    "own_detector": "(",
    "react_to_smile": "smiles after",
    "read_image": "happy",
    "share_of_time": "face 1, ",
    "watch_video": "face 1: ",
    "write_csv": "rows to faces.csv",
}


def test_each_example_is_checked():
    assert {script.stem for script in SCRIPTS} == set(PRINTED)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_an_example_runs_as_it_stands(script, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert PRINTED[script.stem] in done.stdout
    assert done.stderr == ""
