"""The runtime needs nothing heavier than NumPy, OpenCV and a TFLite interpreter."""

import ast
import json
from pathlib import Path

import pytest

import edge

INTERPRETERS = {"ai_edge_litert", "tflite_runtime"}
FORBIDDEN = {"tensorflow", "keras", "train", "convert", "benchmarks"}
ROOT = Path(edge.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


def imported(path):
    """Yield the absolute names that a module imports anywhere, function bodies included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inside = len(path.relative_to(ROOT).parts)
            if not node.level:
                yield node.module
            elif node.level > inside:  # beyond the top of the package
                yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(ROOT)) for p in MODULES])
def test_no_module_of_the_runtime_imports_what_trains_converts_or_measures(path):
    names = set(imported(path))
    assert not {name.partition(".")[0] for name in names} & FORBIDDEN
    assert not [name for name in names if name.startswith(".")]


REPORT = """
import json, sys
from edge.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert ended.code == 0, ended.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_a_run_loads_none_of_them(python_process, portrait_file, tmp_path):
    arguments = ["run", "--source", portrait_file, "--jsonl", tmp_path / "faces.jsonl"]
    loaded = set(json.loads(python_process(REPORT, *arguments).out))
    assert {"numpy", "cv2", "edge"} <= loaded
    assert not loaded & FORBIDDEN
    assert not loaded & {"aiohttp", "asyncio", "prometheus_client"}  # only the page needs them


def test_an_evaluation_loads_none_of_them(python_process, labelled_folder_once, tmp_path):
    arguments = ["evaluate", "--data", labelled_folder_once, "--json", tmp_path / "scores.json"]
    loaded = set(json.loads(python_process(REPORT, *arguments).out.splitlines()[-1]))
    assert not loaded & FORBIDDEN


@pytest.mark.slow
def test_help_and_settings_load_not_even_opencv(python_process):
    for arguments in (["--help"], ["run", "--help"], ["run", "--print-config"]):
        loaded = set(json.loads(python_process(REPORT, *arguments).out.splitlines()[-1]))
        assert not loaded & {"tensorflow", "keras", "matplotlib", "cv2", "numpy", *INTERPRETERS}
